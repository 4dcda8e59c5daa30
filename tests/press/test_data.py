"""`cnn-course data`: a table, and a status that a script can rely on."""

from pathlib import Path

from picture_fakes import write_split

from press.conftest import Course


def course(tmp_path: Path, data: Path | str) -> Course:
    variables = {"CNN_COURSE_DATA": str(data), "CNN_COURSE_CACHE": str(tmp_path / "cache")}
    return Course(tmp_path, variables)


def test_what_is_missing_is_no_error_and_the_table_says_what_to_do(tmp_path: Path):
    said = course(tmp_path, "").do("data", "check")
    assert "missing" in said
    assert "mnist: " in said


def test_what_is_broken_is_an_error(tmp_path: Path):
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "mnist.npz").write_bytes(b"not an archive")
    assert "broken" in course(tmp_path, tmp_path).do("data", "check", status=1)


def test_a_data_set_that_is_not_there_is_refused_and_all_are_got_where_none_is_named(
    tmp_path: Path,
):
    nowhere = course(tmp_path, tmp_path / "there is no such folder")
    said = nowhere.do("data", "get", "minst", status=1)
    assert "must be one of 'mnist', 'cats_and_dogs', not 'minst'. Did you mean 'mnist'?" in said
    assert "there is no such folder" in nowhere.do("data", "get", status=1)


def test_bad_pictures_are_listed_with_their_reasons_and_no_error_where_others_are_left(
    tmp_path: Path,
):
    folder = write_split(tmp_path / "[bold]d[" / "cats_and_dogs")
    for index in range(25):
        (folder / "train" / "cats" / f"bad.{index:02}.jpg").write_bytes(b"")
    mended = course(tmp_path, folder.parent)
    mended.environment["COLUMNS"] = "400"
    said = mended.do("data", "check")
    assert str(folder) in said
    assert "mended" in said
    assert "left out (25)" in said
    assert "train/cats/bad.19.jpg: it is empty" in said
    assert "bad.20.jpg" not in said
    assert "and 5 more" in said


def test_pictures_in_the_wrong_folders_are_an_error_that_shows_the_right_ones(tmp_path: Path):
    folder = write_split(tmp_path / "own" / "cats_and_dogs")
    (folder / "test").rename(folder / "tset")
    said = course(tmp_path, folder.parent).do("data", "check", status=1)
    assert "└── test/" in said
    assert "└── tset/" not in said.split("Found was")[0]
    assert "tset/" in said


def test_what_a_terminal_cannot_show_is_replaced(tmp_path: Path):
    folder = tmp_path / "\N{CAT FACE}" / "cats_and_dogs"
    folder.mkdir(parents=True)
    narrow = course(tmp_path, folder.parent)
    narrow.environment["PYTHONIOENCODING"] = "ascii"
    said = narrow.end(narrow.start("data", "check"), 1)
    assert "There are no pictures of cats and dogs in" in said
    assert "UnicodeEncodeError" not in said
