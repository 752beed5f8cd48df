"""A bias by Eq. 5 of the target that grows while that of the source falls."""

from collections.abc import Sequence
from typing import Any

from mmengine.logging import MMLogger
from torch import Tensor

# below this share of wrong pixels, in points, a ratio says little
MIN_MISPLACED = 25.0


def misplaced(bias: Tensor) -> float:
    """Share of the pixels that a bias has in the wrong class.

    The mean size of a bias is of another scale for each number of classes;
    what classes lack, summed, is from 0 to 100 for any. It is what others
    have too much, those without a bias among them.

    Args:
        bias: Points, (C,); NaN for classes that have none.

    Returns:
        Points: the least share of pixels, classes counting alike, whose
        prediction would have to change for a bias of 0. 0 where no class
        has one.
    """
    return -float(bias.clamp(max=0).nansum())


class BiasWatch:
    """Warns once where BLDA's mixtures say that the target runs away.

    Which they do where the bias by Eq. 5 has more than ``max_ratio`` times as
    many pixels of the target in the wrong class as of the source, and more
    than 25 %, in two intervals in succession behind the warm-up.

    Args:
        max_ratio: The largest ratio without a warning; None: there is none.
    """

    def __init__(self, max_ratio: float | None) -> None:
        self.max_ratio = max_ratio
        self._above = False
        self._told = False

    def update(self, source: Tensor, target: Tensor) -> bool:
        """Compare the biases of a time.

        Args:
            source, target: Points by class, (C,). A source without a class
                that has one is not compared with.

        Returns:
            Whether to warn now.
        """
        if self.max_ratio is None:
            return False
        own, limit = misplaced(target), self.max_ratio * misplaced(source)
        known = not bool(source.isnan().all())
        above = known and own > max(limit, MIN_MISPLACED)
        now = above and self._above and not self._told
        self._above = above
        self._told |= now
        return now

    def warn(
        self,
        logger: MMLogger,
        classes: Sequence[str],
        source: Tensor,
        target: Tensor,
        when: str,
    ) -> None:
        """Compare the biases of a time, and warn where the target runs away.

        Args:
            logger: Where to.
            classes: Names of the C classes; the largest bias is named.
            source, target: As in :meth:`update`.
            when: The time, in words.
        """
        if self.update(source, target):
            worst = int(target.abs().nan_to_num(-1).argmax())
            logger.warning(
                f'by the mixtures of BLDALoss (Eq. 5, {when}) '
                f"{misplaced(target):.0f} % of the target's pixels, classes "
                'counting alike, get the wrong class, most for '
                f'{classes[worst]!r} ({float(target[worst]):+.0f} points), '
                f"and {misplaced(source):.0f} % of the source's; in the "
                f'interval before they were more than {self.max_ratio:g} '
                'times as many, too: a class of the target may be getting '
                'lost; look at predictions, and compare with the method alone '
                '(docs/which_method.md)'
            )

    @property
    def state(self) -> dict[str, Any]:
        """What a run that goes on needs to know."""
        return dict(above=self._above, told=self._told)

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        self._above, self._told = state['above'], state['told']
