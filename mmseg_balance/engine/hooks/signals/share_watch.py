"""Classes that pseudo-labels have far more pixels of than source labels."""

from collections.abc import Sequence
from typing import Any

from mmengine.logging import MMLogger
from torch import Tensor

# below this share of the pseudo-labels a ratio is of few pixels
MIN_SHARE = 0.01


class ShareWatch:
    """Warns once of each class whose share of pseudo-labels runs away.

    Which it does where it is more than ``max_ratio`` times that of the source
    labels, and more than 1 %, in two intervals in succession: the first
    pseudo-labels of a training are those of a head that knows nothing.

    Args:
        max_ratio: The largest ratio without a warning; None: there is none.
    """

    def __init__(self, max_ratio: float | None) -> None:
        self.max_ratio = max_ratio
        self._above: set[int] = set()
        self._told: set[int] = set()

    def update(self, source: Tensor, target: Tensor) -> list[int]:
        """Compare the shares of an interval.

        Args:
            source, target: Shares of the classes among source labels and
                pseudo-labels, (C,). Classes that the source lacks in this
                interval are not compared.

        Returns:
            Classes to warn of now.
        """
        if self.max_ratio is None:
            return []
        large = target > (source * self.max_ratio).clamp(min=MIN_SHARE)
        above = set((large & (source > 0)).nonzero().flatten().tolist())
        found = sorted((above & self._above) - self._told)
        self._above = above
        self._told |= set(found)
        return found

    def warn(
        self,
        logger: MMLogger,
        classes: Sequence[str],
        source: Tensor,
        target: Tensor,
        when: str,
    ) -> None:
        """Compare the shares of an interval, and warn of what runs away.

        Args:
            logger: Where to.
            classes: Names of the C classes.
            source, target: As in :meth:`update`.
            when: The interval's end, in words.
        """
        for index in self.update(source, target):
            own, their = float(target[index]), float(source[index])
            logger.warning(
                f'pseudo-labels have {own / their:.1f} times as many pixels '
                f'of {classes[index]!r} as source labels ({100 * own:.2f} % '
                f'against {100 * their:.2f} %, {when}), and had more than '
                f'{self.max_ratio:g} times as many in the interval before: if '
                'target images do not hold that many, self-training or '
                'balancing has run away; look at predictions, and compare '
                'with the method alone (docs/which_method.md)'
            )

    @property
    def state(self) -> dict[str, Any]:
        """What a run that goes on needs to know."""
        return dict(above=sorted(self._above), told=sorted(self._told))

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        self._above, self._told = set(state['above']), set(state['told'])
