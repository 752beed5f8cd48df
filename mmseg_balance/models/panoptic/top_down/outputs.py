"""What MMDetection's heads give, as it is needed here."""

from collections.abc import Sequence
from typing import Any

from mmengine.structures import InstanceData
from torch import Tensor, nn

# bytes of masks of one image that are pasted at once, in single precision
PASTED = 2**28


def in_single_precision(
    head: nn.Module, inputs: tuple, outputs: tuple[list[Tensor], ...]
) -> tuple[list[Tensor], ...]:
    """Forward hook of RPN: boxes are not rounded under autocast.

    MMDetection decodes boxes in the precision of the maps: at 400 pixels,
    the corners in float16 are 0.25 pixels apart, and in bfloat16 two.

    Args:
        head: The RPN head.
        inputs: Of its ``forward``.
        outputs: Maps of scores and of deltas, one for each level.

    Returns:
        The maps in float32.
    """
    return tuple([level.float() for level in maps] for maps in outputs)


def total(value: Tensor | list[Tensor]) -> Tensor:
    """Sum of the means of what levels give, as mmengine sums losses.

    Args:
        value: A loss, or one for each level.
    """
    if isinstance(value, Tensor):
        return value.mean()
    return sum(each.mean() for each in value)


def with_masks(
    roi_head: nn.Module,
    levels: Sequence[Tensor],
    size: dict[str, Any],
    found: InstanceData,
) -> InstanceData:
    """Masks of detections in one image, some of them at a time.

    Args:
        roi_head: MMDetection's.
        levels: Of the pyramid, (1, C, h_l, w_l) each.
        size: Metainfo of the image, ``ori_shape`` among it.
        found: Boxes at the size of the network's input.

    Returns:
        The same at the original size, with ``masks``, bool (K, H, W).
    """
    height, width = size['ori_shape']
    together = max(PASTED // (4 * height * width), 1)
    parts = [
        roi_head.predict_mask(
            levels, [size], [found[i : i + together]], rescale=True
        )[0]
        for i in range(0, max(len(found), 1), together)
    ]
    return InstanceData.cat(parts)
