"""`cnn-course data`: a table, and a status that a script can rely on."""

from pathlib import Path

from picture_fakes import write_split

from press.conftest import Course


def test_what_is_missing_is_no_error_and_the_table_says_what_to_do(tmp_path: Path):
    course = Course(tmp_path, {"CNN_COURSE_DATA": "", "CNN_COURSE_CACHE": str(tmp_path)})
    said = course.do("data", "check")
    assert "mnist" in said
    assert "missing" in said
    assert "mnist: " in said


def test_what_is_broken_is_an_error(tmp_path: Path):
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "mnist.npz").write_bytes(b"not an archive")
    said = Course(tmp_path, {"CNN_COURSE_DATA": str(tmp_path)}).do("data", "check", status=1)
    assert "broken" in said


def test_a_data_set_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path):
    said = Course(tmp_path).do("data", "get", "minst", status=1)
    assert "must be one of 'mnist', 'cats_and_dogs', not 'minst'. Did you mean 'mnist'?" in said


def test_all_data_sets_are_got_where_none_is_named(tmp_path: Path):
    course = Course(tmp_path, {"CNN_COURSE_DATA": str(tmp_path / "there is no such folder")})
    said = course.do("data", "get", status=1)
    assert "there is no such folder" in said


def test_bad_pictures_are_listed_with_their_reasons_and_no_error_where_others_are_left(
    tmp_path: Path,
):
    folder = write_split(tmp_path / "own" / "cats_and_dogs")
    for index in range(25):
        (folder / "train" / "cats" / f"bad.{index:02}.jpg").write_bytes(b"")
    variables = {"CNN_COURSE_DATA": str(folder.parent), "CNN_COURSE_CACHE": str(tmp_path / "cache")}
    said = Course(tmp_path, variables).do("data", "check")
    assert "mended" in said
    assert "left out (25)" in said
    assert "train/cats/bad.19.jpg: it is empty" in said
    assert "bad.20.jpg" not in said
    assert "and 5 more" in said


def test_pictures_in_the_wrong_folders_are_an_error_that_shows_the_right_ones(tmp_path: Path):
    folder = write_split(tmp_path / "own" / "cats_and_dogs")
    (folder / "test").rename(folder / "tset")
    variables = {"CNN_COURSE_DATA": str(folder.parent), "CNN_COURSE_CACHE": str(tmp_path / "cache")}
    said = Course(tmp_path, variables).do("data", "check", status=1)
    assert "└── test/" in said
    assert "└── tset/" not in said.split("Found was")[0]
    assert "tset/" in said


def test_brackets_in_a_folders_name_are_shown(tmp_path: Path):
    folder = write_split(tmp_path / "[bold]d[" / "cats_and_dogs")
    variables = {
        "CNN_COURSE_DATA": str(folder.parent),
        "CNN_COURSE_CACHE": str(tmp_path / "cache"),
        "COLUMNS": "400",
    }
    assert str(folder) in Course(tmp_path, variables).do("data", "check")


def test_what_a_terminal_cannot_show_is_replaced(tmp_path: Path):
    folder = tmp_path / "\N{CAT FACE}" / "cats_and_dogs"
    folder.mkdir(parents=True)
    variables = {
        "CNN_COURSE_DATA": str(folder.parent),
        "CNN_COURSE_CACHE": str(tmp_path / "cache"),
        "PYTHONIOENCODING": "ascii",
    }
    for command in (("check",), ("get", "cats_and_dogs")):
        said = Course(tmp_path, variables).do("data", *command, status=1)
        assert "There are no pictures of cats and dogs in" in said
        assert "UnicodeEncodeError" not in said
