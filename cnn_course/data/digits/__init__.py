"""Handwritten digits: MNIST in whatever container, or the small ones that need no download."""
