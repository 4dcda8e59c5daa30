"""Files that are written whole or not at all, whoever is killed, and beside other writers."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cnn_course import files

KILLED = """
import os, pathlib, signal, sys
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
from cnn_course import files
files.write(pathlib.Path(sys.argv[1]), "half")
"""


@pytest.mark.fault(
    "SIGKILL while a file is written",
    "the file is as it was; the next writer removes the rest",
    "the file alone",
)
def test_what_a_killed_writer_leaves_is_removed_by_the_next_one(tmp_path: Path):
    file = tmp_path / "a [file].json"
    files.write(file, "whole")
    ended = subprocess.run([sys.executable, "-c", KILLED, file], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(os.listdir(tmp_path)) == 2
    assert file.read_text() == "whole"
    files.write(file, "new")
    assert os.listdir(tmp_path) == [file.name]
    assert file.read_text() == "new"


def test_what_another_process_is_writing_stays(tmp_path: Path):
    file = tmp_path / "file"
    other = tmp_path / ".file.0.part"
    with other.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        files.write(file, "mine")
        assert other.exists()
    files.write(file, "mine")
    assert not other.exists()


def test_rights_are_those_of_the_file_before_or_what_its_writer_is_used_to(tmp_path: Path):
    file = tmp_path / "file"
    before = os.umask(0o027)
    try:
        files.write(file, "new")
    finally:
        os.umask(before)
    assert file.stat().st_mode & 0o777 == 0o640
    file.chmod(0o600)
    files.write(file, "again")
    assert file.stat().st_mode & 0o777 == 0o600
