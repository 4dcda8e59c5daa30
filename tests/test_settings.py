"""Settings of a person that are in a chapter's way: its first cell says which, and what to do."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import IPython
import pytest

from cnn_course._settings import SettingsError, check_settings, find_home


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Be in a notebook's kernel, of a person without any settings; return its names."""
    names: dict[str, object] = {}
    shell = SimpleNamespace(kernel=True, user_ns=names)
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "warnoptions", [])
    return names


def refused() -> str:
    with pytest.raises(SettingsError) as caught:
        check_settings()
    (shown,) = caught.value._render_traceback_()  # what a notebook shows
    assert str(caught.value) in shown
    return shown


def test_a_person_without_settings_hears_nothing(
    notebook: dict, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    notebook |= {"sum": sum, "x": 3, "open": print}
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setenv("KERAS_NNX_ENABLED", "0")
    # Colab sets this.
    monkeypatch.setenv("PYTHONWARNINGS", "ignore:::pip._internal.cli.base_command")
    monkeypatch.setattr(sys, "warnoptions", ["ignore:::pip._internal.cli.base_command"])
    check_settings()
    assert capsys.readouterr() == ("", "")


@pytest.mark.fault(
    "settings in JupyterLab with which a chapter fails: variables, keras.json, start-up files",
    "the first cell names them and says what to do",
    "nothing",
)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("KERAS_BACKEND", name) for name in ("torch", "jax", "TensorFlow", "theano")),
        ("KERAS_MAX_EPOCHS", "1"),
        ("KERAS_MAX_STEPS_PER_EPOCH", "2"),
        ("KERAS_NNX_ENABLED", "true"),
    ],
)
@pytest.mark.usefixtures("notebook")
def test_a_variable_in_the_way_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(name, value)
    assert f"{name} is set to {value!r}" in (said := refused())
    assert f"type `unset {name}`" in said


@pytest.mark.usefixtures("notebook")
def test_warnings_as_errors_and_braces_in_a_temporary_folder_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    monkeypatch.setattr(sys, "warnoptions", ["error"])
    monkeypatch.setenv("TMPDIR", str(tmp_path / "{x}"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "{x}"))
    said = refused()
    assert "PYTHONWARNINGS is set to 'error'" in said
    assert "TMPDIR is set to" in said


@pytest.mark.usefixtures("notebook")
def test_the_file_of_keras_is_named_with_what_is_wrong_in_it(tmp_path: Path):
    file = tmp_path / "keras.json"
    file.write_text('{"floatx": "float16", "image_data_format": "channels_first"}')
    said = refused()
    assert f"{file} sets floatx to 'float16'; the course needs 'float32'." in said
    assert f"{file} sets image_data_format to 'channels_first'" in said
    file.write_text("[]")
    assert f"{file} holds no settings of Keras." in refused()
    file.write_text('{"floatx": "float32", "backend": "jax", "epsilon": 1e-07}')
    check_settings()  # the course names its backend itself


def test_names_of_python_that_something_has_replaced_are_named(
    notebook: dict, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    notebook["sum"] = lambda _: 0
    assert "sum: a start-up file of IPython, or a cell has put" in refused()
    monkeypatch.setenv("PYTHONSTARTUP", "/home/me/start.py")
    assert "sum: PYTHONSTARTUP, /home/me/start.py, has put" in refused()
    assert "PYTHONSTARTUP is set to /home/me/start.py" in capsys.readouterr().err
    del notebook["sum"]
    check_settings()
    assert "type `unset PYTHONSTARTUP`" in capsys.readouterr().err


IN_A_NOTEBOOK = """
import IPython, types
shell = types.SimpleNamespace(kernel=True, user_ns={})
IPython.get_ipython = lambda: shell
import cnn_course
"""


def test_the_import_of_the_package_says_it_also_where_asserts_are_off():
    environment = os.environ | {"PYTHONOPTIMIZE": "1"}
    command = [sys.executable, "-c", IN_A_NOTEBOOK]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "PYTHONOPTIMIZE is set to '1': it switches off every `assert`" in ended.stderr


@pytest.mark.fault(
    "a user id that nobody knows, HOME empty or not set",
    "the course works; a temporary folder is the home",
    "that folder, which its owner alone can read",
)
def test_who_has_no_home_gets_a_temporary_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    known = os.path.expanduser("~")
    monkeypatch.setenv("HOME", "")
    find_home()
    assert "HOME" not in os.environ
    assert os.path.expanduser("~") != ""

    def nobody(_: int) -> None:
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", nobody)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    find_home()
    home = Path(os.environ["HOME"])
    assert home.parent == tmp_path
    assert home.stat().st_mode & 0o777 == 0o700
    monkeypatch.setenv("HOME", known)
