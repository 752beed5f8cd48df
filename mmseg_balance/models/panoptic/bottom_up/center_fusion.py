"""How centres and offsets become segments: settings, checked at build."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from ....errors import UserValueError
from ....number_checks import check_count, check_number
from ....panoptic.ids import LABEL_DIVISOR


@dataclass(frozen=True)
class CenterFusion:
    """Arguments of ``fuse_centers``; numbers are those of EDAPS.

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


def fusion_arguments(settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """All arguments of ``fuse_centers``, defaults filled in.

    Args:
        settings: What a config has of them; None: nothing.

    Raises:
        ValueError: A key is none of them, or a value out of range. Otherwise
            the first validation would say so, which may be days later.
    """
    settings = dict(settings or {})
    names = [field.name for field in fields(CenterFusion)]
    unknown = [key for key in settings if key not in names]
    if unknown:
        raise UserValueError(
            'Expected keys of `fusion` of CenterOffsetHead to be of '
            f'{names}, but got {unknown}'
        )
    return asdict(CenterFusion(**settings))
