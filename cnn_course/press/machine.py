"""The machine that a run was measured on, and the versions of what is installed there."""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

# Asked in a process of its own: TensorFlow takes seconds to import, and holds a GPU that it saw.
_NAME_GPUS = """
import tensorflow as tf
gpus = tf.config.list_physical_devices("GPU")
names = [tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus]
print("\\n".join(names))
"""


def hardware(*, gpu: bool = False) -> dict[str, Any]:
    """Return `cpu`, `cores`, `memory_gb` and `gpu` of this machine, None for what is not known.

    Args:
        gpu: whether to ask TensorFlow which GPUs it computes on.
    """
    return {
        "cpu": _processor(),
        "cores": cores(),
        "memory_gb": _memory(),
        "gpu": _gpus() if gpu and shutil.which("nvidia-smi") else None,
    }


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the versions of Python and of those `packages` that are installed."""
    found = {"python": platform.python_version()}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str | None:
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        for line in facts.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine() or None


def _memory() -> float | None:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    return round(size / 2**30, 1)


def _gpus() -> str | None:
    command = [sys.executable, "-c", _NAME_GPUS]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    names = answer.stdout.split("\n") if answer.returncode == 0 else []
    return ", ".join(name for name in names if name) or None
