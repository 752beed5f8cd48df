"""A rate that falls as a power of the iteration."""

from typing import Any

from mmengine.optim.scheduler.lr_scheduler import LRSchedulerMixin
from mmengine.optim.scheduler.param_scheduler import _ParamScheduler
from mmengine.registry import PARAM_SCHEDULERS

from ...number_checks import check_number


@PARAM_SCHEDULERS.register_module()
class InverseLR(LRSchedulerMixin, _ParamScheduler):
    """Rates of base * (1 + gamma * i)^-power in iteration i.

    That of domain-adversarial training since "Unsupervised Domain Adaptation
    by Backpropagation" (ICML 2015), which the Transfer-Learning-Library and
    https://github.com/lhoyer/MIC (cls/) have for classifiers. Neither
    mmengine nor PyTorch have it under a name.

    Args:
        optimizer: Whose rates are set; the runner gives it.
        gamma: How fast it falls, at least 0.
        power: Exponent, at least 0.
        **kwargs: begin, end, last_step, by_epoch and verbose, as other
            schedulers of mmengine have them.

    Raises:
        ValueError: A setting out of range.
    """

    def __init__(
        self,
        optimizer: Any,
        gamma: float = 0.001,
        power: float = 0.75,
        **kwargs: Any,
    ) -> None:
        check_number('InverseLR', 'gamma', gamma)
        check_number('InverseLR', 'power', power)
        self.gamma = gamma
        self.power = power
        super().__init__(optimizer, **kwargs)

    def _get_value(self) -> list[float]:
        """From the rate before, so that schedulers multiply."""
        rates = [g[self.param_name] for g in self.optimizer.param_groups]
        if self.last_step == 0:
            return rates
        now = 1 + self.gamma * self.last_step
        before = now - self.gamma
        return [rate * (now / before) ** -self.power for rate in rates]
