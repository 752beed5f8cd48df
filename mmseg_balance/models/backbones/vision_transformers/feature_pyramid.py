"""Maps of several scales from those of one (ViTDet)."""

from collections.abc import Sequence

from timm.layers import LayerNorm2d
from torch import Tensor, nn

from ....errors import UserValueError

SCALES = (4, 2, 1, 0.5)


class SimpleFeaturePyramid(nn.Module):
    """The pyramid of ViTDet (Li et al., ECCV 2022, Sec. 3).

    A plain transformer has maps of one scale. Each level enlarges or reduces
    one of them by itself, with no connections between levels: 4 is two
    transposed convolutions, with norm and GELU between them, 2 is one, 1 is
    the map, 0.5 a max pooling. A 1 x 1 and a 3 x 3 convolution, a norm after
    each, follow. Layers are those of
    https://github.com/facebookresearch/detectron2 (``SimpleFeaturePyramid``),
    where every level is made of the last block's map.

    Args:
        in_channels: Channels of the maps.
        out_channels: Channels of each level.
        scales: Of each level, of 4, 2, 1 and 0.5.

    Raises:
        ValueError: A scale that is none of these.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        scales: Sequence[float] = SCALES,
    ) -> None:
        super().__init__()
        if not scales or not set(scales) <= set(SCALES):
            raise UserValueError(
                f'Expected `scales` to be some of {SCALES}, but got '
                f'{tuple(scales)}'
            )
        self.levels = nn.ModuleList(
            _level(in_channels, out_channels, scale) for scale in scales
        )

    def forward(self, maps: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Levels (N, out_channels, s h, s w), one for each scale s.

        Args:
            maps: (N, in_channels, h, w), one a level.
        """
        return tuple(
            level(each) for level, each in zip(self.levels, maps, strict=True)
        )


def _level(channels: int, out_channels: int, scale: float) -> nn.Sequential:
    half, quarter = channels // 2, channels // 4
    if scale == 4:
        layers = [
            nn.ConvTranspose2d(channels, half, 2, stride=2),
            LayerNorm2d(half),
            nn.GELU(),
            nn.ConvTranspose2d(half, quarter, 2, stride=2),
        ]
        channels = quarter
    elif scale == 2:
        layers = [nn.ConvTranspose2d(channels, half, 2, stride=2)]
        channels = half
    elif scale == 1:
        layers = []
    else:
        layers = [nn.MaxPool2d(2)]
    return nn.Sequential(
        *layers,
        nn.Conv2d(channels, out_channels, 1, bias=False),
        LayerNorm2d(out_channels),
        nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
        LayerNorm2d(out_channels),
    )
