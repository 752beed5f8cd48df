"""Fused kernels against the plain PyTorch that they stand for.

A check is a function of a :class:`Setting` and of the value of the key
``kernels``, and returns tensors; it is called with 'triton' and with 'torch'.
A new one is a function here, and a line in CHECKS with its limit.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple
from unittest import mock

import torch
from measure import timed
from torch import Tensor

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.kernels.choice import runs_fused
from mmseg_balance.logits.offsets.tables import fused_tabulation, tabulation
from mmseg_balance.models.losses.adjusted_cross_entropy import (
    adjusted_cross_entropy,
)

from .options import Options

TAU = 0.1
ROUNDS = 5
# classes, images, side
SETTINGS = ((19, 2, 512), (150, 1, 256))
# Triton's interpreter takes minutes for more
SMALL_SETTINGS = ((2, 1, 8),)
SMALL_QUANTILES = 31
SMALL_STATISTICS = dict(grid_size=32, num_components=2, em_loops=1)


class Setting(NamedTuple):
    """A batch, and statistics that have been fitted.

    Attributes:
        logits: (N, C, H, W).
        labels: (N, H, W), some of them ignored.
        is_target: Domain of each pixel, bool (N, H, W).
        fitted: State of ``LogitStatistics``.
        settings: Of these statistics, if not the default.
    """

    logits: Tensor
    labels: Tensor
    is_target: Tensor
    fitted: dict[str, Tensor]
    settings: dict[str, int]

    @property
    def num_classes(self) -> int:
        """Number of classes C."""
        return self.logits.shape[1]

    def statistics(self, kernels: str) -> LogitStatistics:
        """Statistics as fitted."""
        statistics = LogitStatistics(
            self.num_classes, min_samples=1, kernels=kernels, **self.settings
        ).to(self.logits.device)
        statistics.load_state_dict(self.fitted)
        return statistics


Check = Callable[[Setting, str], list[Tensor]]


def table(setting: Setting, kernels: str) -> list[Tensor]:
    """Offsets by a table of its own."""
    statistics = setting.statistics(kernels)
    return [
        statistics.table.lookup(
            setting.logits, setting.labels, setting.is_target, kernels='torch'
        )
    ]


def lookup(setting: Setting, kernels: str) -> list[Tensor]:
    """Offsets by one table, of a channels-last batch in bfloat16 as well."""
    one = setting.statistics('torch').table
    logits = setting.logits
    halves = logits.bfloat16().to(memory_format=torch.channels_last)
    return [
        one.lookup(
            each, setting.labels, setting.is_target, kernels=kernels
        ).float()
        for each in (logits, halves)
    ]


def cross_entropy(setting: Setting, kernels: str) -> list[Tensor]:
    """Loss of each pixel of a mixed batch, by one table, and its gradient."""
    leaf = setting.logits.detach().requires_grad_()
    value = adjusted_cross_entropy(
        leaf,
        setting.labels,
        setting.statistics('torch').table,
        TAU,
        domain=setting.is_target,
        kernels=kernels,
    )
    value.mean().backward()
    return [value.detach(), leaf.grad]


def cross_entropy_of_bfloat16(setting: Setting, kernels: str) -> list[Tensor]:
    """The same, of the logits of mixed precision."""
    halves = setting._replace(logits=setting.logits.bfloat16())
    return cross_entropy(halves, kernels)


def update(setting: Setting, kernels: str) -> list[Tensor]:
    """Sampling and EM: the banks after one iteration."""
    statistics = setting.statistics(kernels)
    torch.manual_seed(0)
    statistics.collect(setting.logits, setting.labels)
    statistics.collect(setting.logits, setting.labels, setting.is_target)
    statistics.update()
    return [
        getattr(getattr(statistics, bank), name).float()
        for bank in ('source', 'target', 'anchors')
        for name in ('weights', 'means', 'variances', 'num_updates')
    ]


def density(setting: Setting, kernels: str) -> list[Tensor]:
    """d of each pixel."""
    statistics = setting.statistics(kernels)
    value, valid = statistics.positive_cdf(
        setting.logits, setting.labels, setting.is_target
    )
    return [value * valid, valid.float()]


# and what they may differ by, as a share of the largest value. (Of cells of a
# table that are equally bad, others may be refined.)
CHECKS: dict[str, tuple[Check, float]] = dict(
    lookup=(lookup, 1e-4),
    cross_entropy=(cross_entropy, 1e-4),
    cross_entropy_of_bfloat16=(cross_entropy_of_bfloat16, 1e-2),
    update=(update, 1e-4),
    density=(density, 1e-3),
    table=(table, 5e-3),
)


def check_kernels(options: Options) -> list[dict]:
    """Run all checks.

    Returns:
        A row of each: 'check', 'classes', 'side', the largest 'error'
        relative to the largest value, its 'limit', whether 'fused' kernels
        ran at all, and 'fused_ms' and 'plain_ms' of a call; or what was
        raised, as 'failed'.
    """
    if options.is_small:
        with ExitStack() as stack:
            for module in (tabulation, fused_tabulation):
                stack.enter_context(
                    mock.patch.object(module, 'QUANTILES', SMALL_QUANTILES)
                )
            return run_checks(options)
    return run_checks(options)


def run_checks(options: Options) -> list[dict]:
    """See :func:`check_kernels`."""
    rows = []
    for shape in SMALL_SETTINGS if options.is_small else SETTINGS:
        settings = SMALL_STATISTICS if options.is_small else {}
        setting = make_setting(*shape, options.device, **settings)
        for name, (check, limit) in CHECKS.items():
            row = dict(
                check=name, classes=shape[0], side=shape[2], limit=limit
            )
            try:
                row |= compare(check, setting, options)
            except Exception as error:  # noqa: BLE001  (the others go on)
                row['failed'] = f'{type(error).__name__}: {error}'
            rows.append(row)
    return rows


def make_setting(
    classes: int, images: int, side: int, device: str, **settings: int
) -> Setting:
    """Random logits, which are larger for a pixel's own class.

    Args:
        classes, images, side: Of the batch.
        device: Where it is.
        **settings: Of the statistics, if not the default.
    """
    generator = torch.Generator().manual_seed(0)
    shape = images, side, side
    labels = torch.randint(classes, shape, generator=generator)
    logits = torch.randn(images, classes, side, side, generator=generator)
    own = torch.nn.functional.one_hot(labels, classes).movedim(-1, 1)
    logits = (2 * logits + 3 * own).to(device)
    labels[:, : side // 8] = 255
    is_target = torch.rand(shape, generator=generator) < 0.5
    labels, is_target = labels.to(device), is_target.to(device)
    statistics = LogitStatistics(
        classes, min_samples=1, warmup=0, kernels='torch', **settings
    ).to(device)
    for _ in range(3):
        statistics.collect(logits, labels)
        statistics.collect(logits + 1, labels, is_target)
        statistics.update()
    fitted = statistics.state_dict()
    return Setting(logits, labels, is_target, fitted, settings)


def compare(check: Check, setting: Setting, options: Options) -> dict:
    """What two ways of one computation differ by, and take."""
    fused, plain = (check(setting, way) for way in ('triton', 'torch'))
    # not max(), which passes over a NaN that is not the first
    errors = list(map(relative_error, fused, plain))
    error = torch.tensor(errors, dtype=torch.float64).max().item()
    found = dict(error=error, fused=runs_fused(setting.logits, 'triton'))
    if not options.is_small:
        for name, way in (('fused_ms', 'triton'), ('plain_ms', 'torch')):
            times = [
                timed(lambda way=way: check(setting, way), options.device)
                for _ in range(ROUNDS)
            ]
            found[name] = 1000 * sorted(times)[ROUNDS // 2]
    return found


def relative_error(value: Tensor, expected: Tensor) -> float:
    """Largest difference, as a share of the largest value."""
    if value.shape != expected.shape:
        raise ValueError(
            f'shapes {tuple(value.shape)} and {tuple(expected.shape)} differ'
        )
    scale = expected.float().abs().max()
    if scale == 0:
        raise ValueError('all that is expected is 0: nothing is compared')
    return ((value.float() - expected.float()).abs().max() / scale).item()
