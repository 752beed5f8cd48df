"""The class of an image, written above it."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont

# pixels: smaller images are enlarged, or no name would fit
SMALLEST = 192
STRIP, LETTERS, MARGIN = 1 / 10, 0.7, 4
LEAST_STRIP = 20
BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def write_class_name(
    image: np.ndarray, text: str, colour: Sequence[int]
) -> np.ndarray:
    """An image below a strip in the colour of its class, with its name.

    Args:
        image: RGB (H, W, 3) in uint8.
        text: What is written, the name of a class for one; letters are made
            smaller where it is wider than the image.
        colour: RGB of the class.

    Returns:
        RGB in uint8, (H + strip, W, 3); of an image smaller than 192 pixels
        k times as large, k the same for all images of its size.
    """
    factor = max(-(-SMALLEST // min(image.shape[:2])), 1)
    large = image.repeat(factor, 0).repeat(factor, 1)
    height, width = large.shape[:2]
    strip = max(round(min(height, width) * STRIP), LEAST_STRIP)
    strip += strip % 2  # encoders of videos take even sizes
    picture = Image.new('RGB', (width, height + strip), tuple(colour))
    picture.paste(Image.fromarray(large), (0, strip))
    font = _fitting(text, round(strip * LETTERS), width - 2 * MARGIN)
    ImageDraw.Draw(picture).text(
        (MARGIN, strip / 2),
        text,
        fill=legible_on(colour),
        font=font,
        anchor='lm',
    )
    return np.asarray(picture)


def legible_on(colour: Sequence[int]) -> tuple[int, int, int]:
    """Black or white, whichever is read more easily on a colour.

    Args:
        colour: RGB, 0 to 255.
    """
    red, green, blue = colour
    # luma of ITU-R BT.601
    return BLACK if 299 * red + 587 * green + 114 * blue > 140e3 else WHITE


def _fitting(text: str, size: int, width: int) -> ImageFont.FreeTypeFont:
    font = _font(size)
    wide = font.getlength(text)
    return font if wide <= width else _font(max(int(size * width / wide), 5))


@lru_cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    # comes with matplotlib, and has letters of most languages
    return ImageFont.truetype(findfont('DejaVu Sans'), size)
