"""How centres and offsets become segments: settings of a branch."""

from dataclasses import dataclass

from torch import Tensor

from ....errors import UserValueError
from ....number_checks import check_count, check_number
from ....panoptic.fusion import fuse_centers
from ....panoptic.ids import LABEL_DIVISOR


@dataclass(frozen=True)
class CenterFusion:
    """Settings of ``fuse_centers``; the defaults are those of EDAPS.

    Attributes:
        threshold: Centres are above it in the heatmap.
        kernel: Window in which a centre is the maximum, pixels, odd.
        top_k: Most centres of an image.
        stuff_area: Fewest pixels of stuff of one class; what is smaller is
            void. 2048 suits images of 2048 x 1024.
        as_published: Keep two faults of the public code: several centres on
            a flat peak, and fewer than ``top_k`` where there are as many.

    Raises:
        ValueError: A number is out of range; names it.
    """

    threshold: float = 0.1
    kernel: int = 7
    top_k: int = 200
    stuff_area: int = 2048
    as_published: bool = False

    def __post_init__(self) -> None:
        owner = 'fusion of CenterOffsetHead'
        check_number(owner, 'threshold', self.threshold)
        for name in ('kernel', 'top_k'):
            check_count(owner, name, getattr(self, name))
        check_number(owner, 'stuff_area', self.stuff_area)
        if self.kernel % 2 == 0 or self.top_k >= LABEL_DIVISOR:
            raise UserValueError(
                f'Expected `kernel` of {owner} to be odd and `top_k` to be '
                f'below {LABEL_DIVISOR}, as segments of a class are numbered '
                f'up to that, but got {self.kernel} and {self.top_k}'
            )

    def __call__(
        self,
        semantic: Tensor,
        heatmap: Tensor,
        offsets: Tensor,
        is_thing: Tensor,
    ) -> Tensor:
        """Ids of segments (H, W), as of ``fuse_centers``."""
        return fuse_centers(
            semantic,
            heatmap,
            offsets,
            is_thing,
            threshold=self.threshold,
            kernel=self.kernel,
            top_k=self.top_k,
            stuff_area=self.stuff_area,
            as_published=self.as_published,
        )
