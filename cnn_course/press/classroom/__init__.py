"""Class tests in a classroom: sheets and keys as files, and a table of answers marked."""
