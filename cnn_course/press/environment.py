"""What a run is made on and with: hardware, versions, and environment variables."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from cnn_course.profiles import half_precision

# Asked in a process of its own: TensorFlow takes seconds to import, and holds a GPU that it saw.
_NAME_GPUS = """
import tensorflow as tf
gpus = tf.config.list_physical_devices("GPU")
names = [tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus]
print("\\n".join(names))
"""
# Settings of a person that can change what a chapter computes or shows. PYTHONOPTIMIZE, for one,
# switches every `assert` off.
_OF_A_PERSON = re.compile(
    r"PYTHON(?!PATH$|HOME$)|IPYTHON|JUPYTER|KERAS|MPL|MATPLOTLIB|TF_|XLA_|CNN_COURSE_BACKUPS$"
    r"|(COLUMNS|LINES|FORCE_COLOR|NO_COLOR)$"
)
TENSORFLOW_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def make_environment_neutral(
    caches: Path, environment: MutableMapping[str, str] = os.environ
) -> None:
    """Let a process and the kernels that it starts run as on every machine and for everybody.

    Tools keep in `caches`, not in the person's folders, what they keep between runs.
    """
    for name, value in list(environment.items()):
        in_braces = name in ("TMPDIR", "TEMP", "TMP") and re.search("[{}]", value)
        if _OF_A_PERSON.match(name) or in_braces:  # Keras takes what is in braces for a name
            del environment[name]
    environment.update(
        {
            "PYTHONHASHSEED": "0",  # the order of a printed set
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "MPLCONFIGDIR": str(caches / "matplotlib"),
            "IPYTHONDIR": str(caches / "ipython"),  # no start-up files, and none written to HOME
            "JUPYTER_RUNTIME_DIR": str(caches / "jupyter"),
            "KERAS_HOME": str(caches / "keras"),
            "CNN_COURSE_PROGRESS": str(caches / "progress.txt"),  # a run is no learner
            # So small networks lose by a second thread, and on one compute the same everywhere.
            **dict.fromkeys(TENSORFLOW_THREADS, "1"),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # the debugger's greeting on standard error
        }
    )


def own_temporary(folder: Path) -> dict[str, str]:
    """Return what makes a process keep in `folder` what it needs for a while, if that can be."""
    in_braces = set("{}").intersection(str(folder))  # Keras takes what is in braces for a name
    return {} if in_braces else {"TMPDIR": str(folder)}


def hardware(*, gpu: bool = False) -> dict[str, Any]:
    """Return `cpu`, `cores`, `memory_gb` and `gpu` of this machine, None for what is not known.

    With `gpu` TensorFlow is asked which GPUs it computes on. `precision` is there where a full run
    computes in another one than `float32`.
    """
    return {
        "cpu": _processor(),
        "cores": cores(),
        "memory_gb": _memory(),
        "gpu": _gpus() if gpu and shutil.which("nvidia-smi") else None,
        **({"precision": "bfloat16"} if gpu and half_precision() else {}),
    }


def with_shares(own: dict[str, Any] | None, made_on: Mapping[str, Any]) -> dict[str, Any]:
    """Return hardware with that of other machines; `made_on` is part -> hardware.

    Where there is such a part, there is `shares`: for each machine its `hardware` and its `parts`.
    Where nothing was made on `own`, it is None; one machine for all then needs no shares.
    """
    machines: dict[str, dict[str, Any]] = {}
    for part, machine in made_on.items():
        about = machines.setdefault(json.dumps(machine), {"hardware": machine, "parts": []})
        about["parts"].append(part)
    shares = list(machines.values())
    if own is None:
        own = shares[0]["hardware"]
        shares = shares if len(shares) > 1 else []
    return {**own, **({"shares": shares} if shares else {})}


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python and of those `packages` that are installed."""
    found = {"python": platform.python_version()}
    for name in packages:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str | None:
    facts = Path("/proc/cpuinfo")
    text = facts.read_text(encoding="utf-8") if facts.is_file() else ""
    if found := re.search(r"(?m)^model name\s*: (.+)$", text):
        return found[1].strip()
    return platform.processor() or platform.machine() or None


def _memory() -> float | None:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    return round(size / 2**30, 1)


def _gpus() -> str | None:
    command = [sys.executable, "-c", _NAME_GPUS]
    answer = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    return ", ".join(answer.stdout.split("\n")).strip(", ") or None
