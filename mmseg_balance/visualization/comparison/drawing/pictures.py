"""Pictures in a page, as small as they can be without a visible loss."""

import base64
import io
from collections.abc import Sequence
from xml.etree.ElementTree import Element

import numpy as np
from PIL import Image

from ...figures import colour_labels
from .markup import tag

# wider pictures are shown smaller anyway
MAX_WIDTH = 1024
JPEG_QUALITY = 88
CSS_DPI = 96
# of a PNG that is stored as it came
BYTES_AS_IT_IS = 150_000
# colours of a drawing; a photograph has more
MOST_DRAWN = 20_000


def photo_uri(picture: np.ndarray) -> str:
    """Data URI of a photograph.

    Args:
        picture: RGB (H, W, 3) in uint8.

    Returns:
        PNG, or JPEG where that is smaller.
    """
    image = Image.fromarray(picture).convert('RGB')
    if image.width > MAX_WIDTH:
        image = image.resize(
            (MAX_WIDTH, max(1, image.height * MAX_WIDTH // image.width)),
            Image.Resampling.BOX,
        )
    png = _encode(image, 'PNG', optimize=True)
    jpeg = _encode(
        image, 'JPEG', quality=JPEG_QUALITY, subsampling=0, optimize=True
    )
    if len(png) <= len(jpeg):
        return _uri('png', png)
    return _uri('jpeg', jpeg)


def label_uri(labels: np.ndarray, palette: Sequence) -> str:
    """Data URI of a painted map of classes.

    Args:
        labels: Classes (H, W) of an integer dtype.
        palette: RGB of each class, 0 to 255.

    Returns:
        PNG of indexed colours, no wider than ``MAX_WIDTH``; black where a
        label is not a class.
    """
    step = -(-labels.shape[1] // MAX_WIDTH)
    labels, num = np.asarray(labels)[::step, ::step], len(palette)
    if num < 256:
        inside = (labels >= 0) & (labels < num)
        image = Image.fromarray(np.where(inside, labels, num).astype(np.uint8))
        flat = np.asarray(palette, np.uint8).reshape(-1).tolist()
        image.putpalette([*flat, 0, 0, 0])
    else:
        image = Image.fromarray(colour_labels(labels, palette))
    return _uri('png', _encode(image, 'PNG', optimize=True))


def figure(png: bytes, title: str) -> Element:
    """A PNG in its own size; a large one gets a palette of 256 colours.

    Args:
        png: The picture, drawn for the dots per inch that it names.
        title: What a screen reader calls it.

    Returns:
        A figure that a click enlarges.

    Raises:
        UnidentifiedImageError: These are not the bytes of a picture.
    """
    image = Image.open(io.BytesIO(png))
    dots = float(image.info.get('dpi', (CSS_DPI,))[0]) or CSS_DPI
    if len(png) > BYTES_AS_IT_IS and image.mode != 'P':
        white = Image.new('RGBA', image.size, 'white')
        white.alpha_composite(image.convert('RGBA'))
        small = _encode(_of_few_colours(white.convert('RGB')), 'PNG')
        png = min(png, small, key=len)
    # CSS has 96 px an inch
    width = round(image.width * CSS_DPI / max(dots, CSS_DPI))
    return enlargeable(_uri('png', png), title, 'figures', width=width)


def enlargeable(
    uri: str,
    name: str,
    group: str,
    crisp: bool = False,
    width: int | None = None,
) -> Element:
    """A picture that a click shows large.

    Args:
        uri: Of the picture.
        name: What it shows.
        group: What it is one picture of: arrow keys go through these.
        crisp: Show pixels as they are, for maps of classes.
        width: In px; by default as wide as there is room.

    Returns:
        A figure; without JavaScript it is the picture alone.
    """
    image = tag(
        'img',
        src=uri,
        alt=name,
        class_='crisp' if crisp else None,
        width=width,
    )
    return tag(
        'figure',
        tag('button', image, type='button', class_='zoom', data_group=group),
    )


def captioned(
    uri: str, caption: str, group: str, crisp: bool = False
) -> Element:
    """The same with a line below it, see :func:`enlargeable`."""
    made = enlargeable(uri, caption, group, crisp)
    made.append(tag('figcaption', caption))
    return made


def _of_few_colours(image: Image.Image) -> Image.Image:
    """At most 256 colours, those of thin lines among them.

    Pillow's default takes away what few pixels have. The method that keeps
    all hues needs seconds where there are as many as in a photograph.
    """
    drawn = image.getcolors(MOST_DRAWN) is not None
    return image.quantize(
        256,
        method=Image.Quantize.MAXCOVERAGE
        if drawn
        else Image.Quantize.FASTOCTREE,
    )


def _encode(image: Image.Image, kind: str, **options: int | bool) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _uri(kind: str, data: bytes) -> str:
    return f'data:image/{kind};base64,{base64.b64encode(data).decode()}'
