"""`cnn-course data`: a table, and a status that a script can rely on."""

from pathlib import Path

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
    assert "There is no data set 'minst'. Write one of: mnist" in said


def test_all_data_sets_are_got_where_none_is_named(tmp_path: Path):
    course = Course(tmp_path, {"CNN_COURSE_DATA": str(tmp_path / "there is no such folder")})
    said = course.do("data", "get", status=1)
    assert "there is no such folder" in said
