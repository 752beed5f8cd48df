"""What of the signals of a training is worth a warning."""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.logging import MMLogger
from torch import Tensor

from ....number_checks import check_number
from ...records.balance_signals import DOMAINS
from .bias_watch import BiasWatch
from .share_watch import ShareWatch


class Watches:
    """Watches the shares of the classes and the bias of BLDA's mixtures.

    Args:
        owner: Class that has the settings, for messages.
        max_share_ratio: See :class:`.share_watch.ShareWatch`.
        max_bias_ratio: See :class:`.bias_watch.BiasWatch`.

    Raises:
        ValueError: One is neither None nor a number above 1.
    """

    def __init__(
        self,
        owner: str,
        max_share_ratio: float | None,
        max_bias_ratio: float | None,
    ) -> None:
        self.max_ratios = dict(share=max_share_ratio, bias=max_bias_ratio)
        for key, ratio in self.max_ratios.items():
            if ratio is not None:
                check_number(owner, f'max_{key}_ratio', ratio, 1, above=True)
        self.reset()

    def reset(self) -> None:
        """Forget what was seen, as of another training."""
        self._watches: dict[str, ShareWatch | BiasWatch] = dict(
            share=ShareWatch(self.max_ratios['share']),
            bias=BiasWatch(self.max_ratios['bias']),
        )

    def warn(
        self,
        logger: MMLogger,
        classes: Sequence[str],
        values: Mapping[str, Tensor],
        last: int,
    ) -> None:
        """Warn of what an interval shows.

        Args:
            logger: Where to.
            classes: Names of the C classes.
            values: By class, (C,): 'share.source' and 'share.target',
                'bias.source' and 'bias.target', as far as they are known.
            last: Iteration that ends it, from 1.
        """
        for key, watch in self._watches.items():
            own = [values.get(f'{key}.{domain}') for domain in DOMAINS]
            if own[0] is not None and own[1] is not None:
                watch.warn(logger, classes, *own, f'at iteration {last}')

    @property
    def state(self) -> dict[str, Any]:
        """What a run that goes on needs to know."""
        return {key: watch.state for key, watch in self._watches.items()}

    @state.setter
    def state(self, state: Mapping[str, Any]) -> None:
        for key, own in state.items():
            self._watches[key].state = own
