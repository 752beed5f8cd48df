"""Labels whose image has another size.

62 of GTA's 24,966 labels (15188, 17705, 20801 .. 20860) have another size
than their image, 1914 x 1046 beside 1914 x 1052 for example. Public code
(DAFormer and what follows it) resizes image and label each by itself to the
width of 1280, crops both with one box and pads the label with 255: with the
same width that leaves the label as it is, aligned at the upper margin.
"""

import numpy as np
from PIL import Image

Size = tuple[int, int]


def fit_label(label: np.ndarray, size: Size, fill: int = 255) -> np.ndarray:
    """Bring a label map to the size of its image.

    Args:
        label: uint8 train ids (H, W).
        size: Width and height of the image.
        fill: Value of the rows that are added.

    Returns:
        uint8 (height, width): where the widths are the same, cut or filled
        at the lower margin; else the nearest pixels.
    """
    width, height = size
    if label.shape == (height, width):
        return label
    if label.shape[1] != width:
        image = Image.fromarray(label)
        return np.asarray(image.resize(size, Image.Resampling.NEAREST))
    fitted = np.full((height, width), fill, dtype=label.dtype)
    kept = min(height, len(label))
    fitted[:kept] = label[:kept]
    return fitted


def describe_fit(label_size: Size, size: Size) -> str:
    """Say what :func:`fit_label` does.

    Args:
        label_size: Width and height of the label.
        size: Those of the image.

    Returns:
        A few words; empty where nothing is done.
    """
    if label_size == size:
        return ''
    if label_size[0] != size[0]:
        return 'resized to the nearest pixels'
    rows = size[1] - label_size[1]
    count = f'{abs(rows)} row{"s" if abs(rows) > 1 else ""}'
    if rows > 0:
        return f'{count} of ignored pixels added at the lower margin'
    return f'{count} cut off at the lower margin'
