"""Image margins whose pseudo-labels are not trusted."""

import numpy as np
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS

from ...errors import UserValueError

VALID_PSEUDO = 'valid_pseudo'


@TRANSFORMS.register_module()
class PseudoMargins(BaseTransform):
    """Marks the pixels of an image whose pseudo-labels count.

    Cityscapes shows the bonnet at the bottom and artifacts of rectification
    at the other margins, where pseudo-labels drift (HRDA, Hoyer et al., ECCV
    2022, takes 30, 240, 30, 30). The map is made of the whole image, right
    behind ``LoadImageFromFile``, and is resized, cropped and flipped with it;
    so a crop loses the part of it that lies in a margin, and nothing when it
    lies inside. ``PackUDAInputs`` hands it to the model.

    Adds ``valid_pseudo``, uint8 (H, W), 1 inside and 0 in the margins, and
    its name to ``seg_fields``.

    Args:
        margins: Rows at the top and at the bottom, columns at the left and
            at the right, in pixels of the image as it was loaded.

    Raises:
        ValueError: They are not four numbers of pixels. When an image comes
            in: it was resized or cropped before, or the margins leave
            nothing of it.

    Example:
        >>> dict(type='PseudoMargins', margins=(30, 240, 30, 30))
    """

    packed_by = 'PackUDAInputs'

    def __init__(self, margins: tuple[int, int, int, int]) -> None:
        margins = tuple(margins)
        if len(margins) != 4 or not all(
            isinstance(m, int) and m >= 0 for m in margins
        ):
            raise UserValueError(
                'PseudoMargins.margins: expected four numbers of pixels >= 0 '
                f'(top, bottom, left, right), found {margins}'
            )
        self.margins = margins

    def transform(self, results: dict) -> dict:
        """Add the map.

        Args:
            results: With ``img``, (H, W, C), and ``ori_shape``.

        Returns:
            Them, with ``valid_pseudo``.
        """
        top, bottom, left, right = self.margins
        height, width = results['img'].shape[:2]
        loaded = tuple(results.get('ori_shape', (height, width)))[:2]
        if (height, width) != loaded:
            raise UserValueError(
                f'PseudoMargins found {_name(results)} with {width} x '
                f'{height} of the {loaded[1]} x {loaded[0]} pixels (width x '
                'height) it was loaded with, in which the margins are '
                'counted: put it right behind LoadImageFromFile'
            )
        if top + bottom >= height or left + right >= width:
            raise UserValueError(
                f'PseudoMargins.margins (top, bottom, left, right) is '
                f'{self.margins}, and {_name(results)} has {width} x '
                f'{height} pixels (width x height), of which nothing is '
                'left: set smaller margins'
            )
        valid = np.zeros((height, width), dtype=np.uint8)
        valid[top : height - bottom, left : width - right] = 1
        results[VALID_PSEUDO] = valid
        results['seg_fields'] = [
            *results.get('seg_fields', ()),
            VALID_PSEUDO,
        ]
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(margins={self.margins})'


def _name(results: dict) -> str:
    return str(results.get('img_path', 'an image'))
