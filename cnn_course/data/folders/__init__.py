"""Folders of pictures: found, looked through, mended, split for training, validation, testing."""
