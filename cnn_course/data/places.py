"""Where data is looked for: the user's own folder first, then the course's cache."""

import os
from pathlib import Path
from typing import Final

from cnn_course.data.errors import DataError

OWN_VARIABLE: Final = "CNN_COURSE_DATA"
CACHE_VARIABLE: Final = "CNN_COURSE_CACHE"


def own_folder(name: str) -> Path | None:
    """Return the user's own folder of a data set, `$CNN_COURSE_DATA/name`.

    The course reads it and never writes in it.

    Returns:
        The folder, or None where the variable is not set or has no such folder in it.

    Raises:
        DataError: the variable names something that is not a folder or may not be looked into, or
            `name` in it is not a folder.
    """
    root = _folder_from(OWN_VARIABLE)
    if root is None:
        return None
    folder = root / name
    if fault := _fault_of(root, folder):
        raise DataError(
            f"{OWN_VARIABLE} is set to {root}, and {fault}.",
            f"Correct {OWN_VARIABLE}, or unset it to use the course's cache and the network.",
        )
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise DataError(
            f"{folder} is not a folder.",
            f"Make it a folder with the files of {name} in it, or take it away.",
        )
    return folder if os.path.isdir(folder) else None


def _fault_of(root: Path, folder: Path) -> str:
    if not os.path.isdir(root):
        return "that is not a folder" if os.path.lexists(root) else "there is no such folder"
    try:
        os.lstat(folder)
    except PermissionError:
        return "you have no right to look into it"
    except OSError:
        pass  # it is not there, which is no fault
    return ""


def cache_folder(name: str) -> Path:
    """Return the folder of a data set in the course's cache, whether it exists or not.

    The cache is `$CNN_COURSE_CACHE`, or else the operating system's folder for such files.
    It is laid out like `$CNN_COURSE_DATA`, so a copy of it can serve as one.
    """
    # Pooch takes a while to import, and who only asks for the small digits does not need it.
    import pooch  # noqa: PLC0415

    return (_folder_from(CACHE_VARIABLE) or Path(pooch.os_cache("cnn-course"))) / name


def _folder_from(variable: str) -> Path | None:
    # os.path.expanduser leaves "~nobody" as it is, where Path.expanduser raises.
    value = os.path.expanduser(os.environ.get(variable, ""))
    return Path(os.path.abspath(value)) if value else None
