"""Fused kernels against the plain PyTorch that they stand for.

A check is a function of a :class:`Setting` and of the value of the key
``kernels``, and returns tensors; it is called with 'triton' and with 'torch'.
A new one is a function here and a line in CHECKS.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from measure import timed
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from torch import Tensor

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.kernels.choice import runs_fused

from .options import Options

LIMITS = {torch.float32: 1e-4, torch.bfloat16: 1e-2}
ROUNDS = 5
# classes, images, side
SETTINGS = ((19, 2, 512), (150, 1, 256))
SMALL_SETTINGS = ((3, 1, 16),)


class Setting(NamedTuple):
    """A batch, and statistics that have been fitted.

    Attributes:
        logits: (N, C, H, W).
        labels: (N, H, W), some of them ignored.
        is_target: Domain of each pixel, bool (N, H, W).
        fitted: State of ``LogitStatistics``.
    """

    logits: Tensor
    labels: Tensor
    is_target: Tensor
    fitted: dict[str, Tensor]

    @property
    def num_classes(self) -> int:
        """Number of classes C."""
        return self.logits.shape[1]

    def statistics(self, kernels: str) -> LogitStatistics:
        """Statistics as fitted."""
        statistics = LogitStatistics(
            self.num_classes, min_samples=1, kernels=kernels
        ).to(self.logits.device)
        statistics.load_state_dict(self.fitted)
        return statistics


Check = Callable[[Setting, str], list[Tensor]]


def offsets(setting: Setting, kernels: str) -> list[Tensor]:
    """Table, and its lookup."""
    statistics = setting.statistics(kernels)
    return [
        statistics.offset(setting.logits, setting.labels, setting.is_target)
    ]


def loss(setting: Setting, kernels: str) -> list[Tensor]:
    """BLDALoss and its gradient, of a mixed batch."""
    module = MODELS.build(
        dict(
            type='BLDALoss',
            num_classes=setting.num_classes,
            min_samples=1,
            kernels=kernels,
        )
    ).to(setting.logits.device)
    module.statistics.load_state_dict(setting.fitted)
    leaf = setting.logits.detach().requires_grad_()
    value = module(
        leaf,
        setting.labels,
        ignore_index=255,
        target_mask=setting.is_target,
        collect=False,
    )
    value.backward()
    return [value.detach(), leaf.grad]


def loss_of_bfloat16(setting: Setting, kernels: str) -> list[Tensor]:
    """The same, of the logits of mixed precision."""
    return loss(setting._replace(logits=setting.logits.bfloat16()), kernels)


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


CHECKS: dict[str, Check] = dict(
    offsets=offsets,
    loss=loss,
    loss_of_bfloat16=loss_of_bfloat16,
    update=update,
    density=density,
)


def check_kernels(options: Options) -> list[dict]:
    """Run all checks.

    Returns:
        A row of each: 'check', 'classes', 'side', the largest 'error'
        relative to the largest value, its 'limit', whether 'fused' kernels
        ran at all, and 'fused_ms' and 'plain_ms' of a call; or what was
        raised, as 'failed'.
    """
    init_default_scope('mmseg')
    rows = []
    for shape in SMALL_SETTINGS if options.is_small else SETTINGS:
        setting = make_setting(*shape, options.device)
        for name, check in CHECKS.items():
            row = dict(check=name, classes=shape[0], side=shape[2])
            try:
                row |= compare(check, setting, options)
            except Exception as error:  # noqa: BLE001  (the others go on)
                row['failed'] = f'{type(error).__name__}: {error}'
            rows.append(row)
    return rows


def make_setting(classes: int, images: int, side: int, device: str) -> Setting:
    """Random logits, which are larger for a pixel's own class."""
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
        classes, min_samples=1, warmup=0, kernels='torch'
    ).to(device)
    for _ in range(3):
        statistics.collect(logits, labels)
        statistics.collect(logits + 1, labels, is_target)
        statistics.update()
    return Setting(logits, labels, is_target, statistics.state_dict())


def compare(check: Check, setting: Setting, options: Options) -> dict:
    """What two ways of one computation differ by, and take."""
    fused, plain = (check(setting, way) for way in ('triton', 'torch'))
    error = max(map(relative_error, fused, plain))
    dtype = min((t.dtype for t in plain), key=lambda t: t.itemsize)
    found = dict(
        error=error,
        limit=LIMITS[dtype],
        fused=runs_fused(setting.logits, 'triton'),
    )
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
    scale = expected.float().abs().max().clamp(min=1e-12)
    return ((value.float() - expected.float()).abs().max() / scale).item()
