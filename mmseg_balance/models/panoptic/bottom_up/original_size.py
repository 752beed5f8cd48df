"""Maps of a padded and resized image, as of its file."""

from typing import Any

from mmseg.models.utils import resize
from torch import Tensor


def maps_at_original_size(
    heatmap: Tensor,
    offset: Tensor,
    meta: dict[str, Any],
    align_corners: bool = False,
) -> tuple[Tensor, Tensor]:
    """Heatmap and offsets of an image at the size of its file.

    Resized twice, as MMSegmentation does with logits: to the size of the
    input, from which padding is cut, and from there to that of the file.

    Args:
        heatmap: (1, h, w) at the stride of the branch.
        offset: (2, h, w), in pixels of the input.
        meta: ``pad_shape``, ``padding_size`` (left, right, top, bottom),
            ``img_shape`` and ``ori_shape`` of the image.
        align_corners: As in ``interpolate``.

    Returns:
        Heatmap (H, W) and offsets (2, H, W), in pixels of the file.
    """
    left, _, top, _ = meta['padding_size']
    height, width = meta['img_shape'][:2]
    original = tuple(meta['ori_shape'][:2])

    def resized(values: Tensor) -> Tensor:
        values = _resized(values.float(), meta['pad_shape'], align_corners)
        values = values[:, top : top + height, left : left + width]
        return _resized(values, original, align_corners)

    offset = resized(offset)
    if original != (height, width):
        scales = original[0] / height, original[1] / width
        offset = offset * offset.new_tensor(scales)[:, None, None]
    return resized(heatmap)[0], offset


def _resized(
    values: Tensor, size: tuple[int, int], align_corners: bool
) -> Tensor:
    if values.shape[1:] == tuple(size[:2]):
        return values
    return resize(
        values[None],
        size=tuple(size[:2]),
        mode='bilinear',
        align_corners=align_corners,
    )[0]
