"""`python -m cnn_course.press` is the command `cnn-course`."""

from cnn_course.press.cli import main

if __name__ == "__main__":
    main()
