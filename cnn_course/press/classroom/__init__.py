"""Class tests for a class: made, printed, handed in, marked and reported."""
