"""Small data sets in the shape of MNIST, and the files that hold them."""

import gzip
import hashlib
import io
import struct
from pathlib import Path

import numpy as np
from surroundings import refused

from cnn_course.data import load_digits
from cnn_course.data.digits import Mnist
from cnn_course.data.download import Published

TRAIN, TEST = 60, 20
IDX_NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}


def fake_arrays() -> dict[str, np.ndarray]:
    random = np.random.default_rng(2024)
    arrays = {
        "x_train": random.integers(0, 256, (TRAIN, 28, 28)),
        "y_train": np.arange(TRAIN) % 10,
        "x_test": random.integers(0, 256, (TEST, 28, 28)),
        "y_test": np.arange(TEST) % 10,
    }
    return {name: array.astype(np.uint8) for name, array in arrays.items()}


def digest_of(arrays: dict[str, np.ndarray]) -> str:
    """The digest as its documentation describes it, computed another way."""
    text = b""
    for name in IDX_NAMES:
        sizes = ", ".join(map(str, arrays[name].shape)) + ("," if arrays[name].ndim == 1 else "")
        text += f"{name} |u1 ({sizes})\n".encode() + arrays[name].tobytes()
    return hashlib.sha256(text).hexdigest()


def npz_bytes(arrays: dict[str, np.ndarray]) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


NPZ = npz_bytes(fake_arrays())


def fake_mnist(url: str = "http://127.0.0.1:9/mnist.npz", timeout: float = 20) -> Mnist:
    """An identity that the fake arrays satisfy; port 9 answers nobody."""
    published = Published(url, hashlib.sha256(NPZ).hexdigest(), timeout)
    return Mnist(TRAIN, TEST, digest_of(fake_arrays()), published)


def idx_bytes(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


def write_idx(folder: Path, *, zipped: bool = False) -> None:
    """Write the four IDX files under their published names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in fake_arrays().items():
        content = idx_bytes(array)
        if zipped:
            (folder / f"{IDX_NAMES[name]}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / IDX_NAMES[name]).write_bytes(content)


def assert_loads(mnist: Mnist | None = None) -> None:
    (x_train, y_train), (x_test, y_test) = load_digits("full", mnist or fake_mnist())
    expected = fake_arrays()
    for name, array in zip(IDX_NAMES, (x_train, y_train, x_test, y_test), strict=True):
        assert array.dtype == np.uint8
        assert array.flags.writeable
        np.testing.assert_array_equal(array, expected[name])


def refusal(mnist: Mnist | None = None) -> str:
    return refused(load_digits, "full", mnist or fake_mnist())
