"""Images of any size in whole patches."""

from mmseg.models.utils import resize
from torch import Tensor

from ....errors import UserValueError


def fitting_size(
    image: tuple[int, int], unit: tuple[int, int], scale: float = 1.0
) -> tuple[int, int]:
    """The size of an image that is made of whole units.

    Args:
        image: Height and width in pixels.
        unit: The same of a unit.
        scale: By which the image is enlarged before.

    Returns:
        The nearest multiples, at least one unit.
    """
    height, width = (
        max(int(side * scale / length + 0.5), 1) * length
        for side, length in zip(image, unit, strict=True)
    )
    return height, width


def fit_to_patches(
    images: Tensor,
    unit: tuple[int, int],
    scale: float = 1.0,
    may_resize: bool = True,
) -> Tensor:
    """Give images a size that patches divide.

    They are resized, as in https://github.com/tue-mps/vfm-uda, and not
    padded: the maps of a padded image reach beyond it, by a part of a cell,
    and logits of them would be shifted against the labels.

    Args:
        images: (N, 3, H, W).
        unit: Height and width that sides are to be multiples of.
        scale: By which images are enlarged.
        may_resize: Whether they may be resized for that.

    Returns:
        (N, 3, H', W'), the images themselves where their size fits.

    Raises:
        ValueError: They do not fit, and ``may_resize`` is off.
    """
    size = tuple(images.shape[-2:])
    wanted = fitting_size(size, unit, scale)
    if wanted == size:
        return images
    scaled = tuple(side * scale for side in size)
    if not may_resize and scaled != wanted:
        raise UserValueError(
            f'TimmViTPyramid got images of {size[0]} x {size[1]} pixels'
            f'{f" x image_scale={scale}" if scale != 1 else ""}, but takes '
            f'multiples of {unit[0]} x {unit[1]} (patch_size, twice that for '
            'a level of scale 0.5): set crop_size of RandomCrop, '
            'data_preprocessor.size and the sizes of the test to such, or '
            "indivisible='resize' in the backbone"
        )
    return resize(images, size=wanted, mode='bilinear', align_corners=False)
