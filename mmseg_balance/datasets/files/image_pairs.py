"""The images that labels belong to, and what converters look at in them."""

import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from PIL import Image

from ...errors import UserOSError, UserValueError
from ...files.walking import find_files
from .label_images import decode

EXIF_ORIENTATION = 0x0112
# a picture takes more; only files below are decoded
BYTES_OF_A_PLAIN_IMAGE = 4096
PIXELS_PER_BYTE = 16


def pair_images(
    wanted: Sequence[str], folder: Path, suffix: str
) -> list[Path | None]:
    """Find the image of each label.

    Names that are numbers also pair where only one of the two has leading
    zeros (``1.png`` and ``00001.png``).

    Args:
        wanted: Names that the images should have, posix paths relative to
            the folder, without their suffix.
        folder: Folder of the images.
        suffix: What their names end with, ".png" for example; where there
            is none, ".jpg" may stand for ".png", as in copies that were made
            smaller.

    Returns:
        Their files, None where there is none; all None where the folder
        is missing or has no image.
    """
    files = _images(folder, suffix)
    by_name = {
        file.relative_to(folder).as_posix()[: -len(suffix)]: file
        for file in files
    }
    images = [by_name.get(name) for name in wanted]
    taken = set(wanted)
    by_number: dict[tuple[str, int], list[str]] = defaultdict(list)
    for name in by_name:
        if name not in taken and _number(name):
            by_number[_number(name)].append(name)
    rivals: dict[tuple[str, int], int] = defaultdict(int)
    for name, image in zip(wanted, images, strict=True):
        if image is None and _number(name):
            rivals[_number(name)] += 1
    for i, name in enumerate(wanted):
        number = _number(name)
        found = by_number.get(number, []) if number else []
        if images[i] is None and len(found) == 1 == rivals[number]:
            images[i] = by_name[found[0]]
    return images


def stored_size(path: Path) -> tuple[int, int]:
    """Width and height of an image, from its header.

    Args:
        path: The file.

    Returns:
        They, before an EXIF tag turns the image.

    Raises:
        OSError: The file cannot be read.
    """
    if path.is_symlink() and not path.exists():
        raise UserOSError(
            f'{path}: a link to {os.readlink(path)}, which is not'
        )
    try:
        with Image.open(path) as image:
            return image.size
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError) as error:
        raise UserOSError(f'{path}: cannot be decoded ({error})') from error


def check_not_turned(path: Path) -> None:
    """Refuse an image that is loaded in another position than its label.

    Args:
        path: The image.

    Raises:
        ValueError: An EXIF tag turns it.
    """
    with Image.open(path) as image:
        turned = orientation(image)
    if turned != 1:
        raise UserValueError(
            f'{path}: its EXIF tag turns it when it is loaded (orientation '
            f'{turned}), and its label stays as it is; save the image '
            'without the tag'
        )


def orientation(image: Image.Image) -> int:
    """How the EXIF tag of an image turns it when it is loaded.

    Args:
        image: An opened image; it is not decoded.

    Returns:
        1 .. 8, 1 where it does not.
    """
    # without that entry, Pillow decodes a whole PNG in search of it
    if image.format == 'PNG' and 'exif' not in image.info:
        return 1
    turned = image.getexif().get(EXIF_ORIENTATION, 1)
    return turned if turned in range(1, 9) else 1


def exif_orientation(path: str | Path | None) -> int:
    """How the EXIF tag of an image file turns it, for error messages.

    Args:
        path: The file; it may be missing, or no image.

    Returns:
        1 .. 8, 1 where it does not or that is not known.
    """
    try:
        with Image.open(path) as image:
            return orientation(image)
    except (AttributeError, OSError, SyntaxError, ValueError):
        return 1


def can_be_decoded(path: str | Path | None) -> bool:
    """Whether a file is a whole image, for error messages.

    Args:
        path: The file; it may be missing.

    Returns:
        False as well where another file backend than the local one reads it.
    """
    try:
        decode(path)
    except (AttributeError, OSError, ValueError):
        return False
    return True


def is_whole(path: str | Path) -> bool:
    """Whether an image looks whole, without decoding it.

    Args:
        path: The file, of this machine.

    Returns:
        False where Pillow knows no such format, or a PNG has a wrong
        checksum or no end. The end of other formats is not looked at.
    """
    try:
        with Image.open(path) as image:
            image.verify()
    except Exception:  # noqa: BLE001  (as many kinds as there are formats)
        return False
    return True


def plain_colours(path: Path) -> list[tuple[int, int, int]]:
    """The colours of an image that shows nothing, black or white alone.

    Args:
        path: The file.

    Returns:
        One or two colours (R, G, B); none where there are more.

    Raises:
        OSError: The file cannot be read.
    """
    with Image.open(path) as image:
        pixels = image.width * image.height
        limit = BYTES_OF_A_PLAIN_IMAGE + pixels // PIXELS_PER_BYTE
        if path.stat().st_size > limit:
            return []
        found = image.convert('RGB').getcolors(2)
    return [colour for _, colour in found or ()]


def _images(folder: Path, suffix: str) -> list[Path]:
    for end in (suffix, suffix.replace('.png', '.jpg')):
        try:
            return find_files(folder, end)
        except FileNotFoundError:
            continue
    return []


def _number(name: str) -> tuple[str, int] | None:
    path = PurePosixPath(name)
    stem = path.name
    if not (stem.isascii() and stem.isdecimal()):
        return None
    return path.parent.as_posix(), int(stem)
