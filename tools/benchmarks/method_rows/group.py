"""Rows that are trained and shown together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CONFIGS = Path(__file__).resolve().parents[3] / 'configs'


@dataclass(frozen=True)
class Row:
    """A method of a table.

    Attributes:
        name: As the table shows it.
        config: Config, from configs/.
        options: Overrides by dotted key.
        parts: Files of configs/_base_/balance that are put on it by a line.
    """

    name: str
    config: str
    options: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Data:
    """What parts of balance need to know of a data set.

    Attributes:
        num_classes: Its classes.
        stats_dir: Class statistics of its source.
        sampling: Rare class sampling that fits it.
        num_images: Images of its source, for weights that count these.
    """

    num_classes: int
    stats_dir: str
    sampling: Mapping[str, Any]
    num_images: int

    @property
    def beta(self) -> float:
        """Of class-balanced weights: 1 - beta^n tells its images apart."""
        return round(1 - 1 / (2.5 * self.num_images), 4)


@dataclass(frozen=True)
class Group:
    """Methods on one data set.

    Attributes:
        rows: By the name of the method.
        folder: Of the results, from docs/benchmarks.
        parts: Segmentors that are scored.
        columns: Scores of the table; ``'|Bias|'`` is the mean size of the
            biases of the classes (Eq. 4).
        arguments: Further ones of tools/train.py.
        data: Of the data set, where rows have parts.
        sweeps: Whether tau of post-hoc balancing is swept over each run.
        signals: Whether what adapts notes, without labels, what becomes of
            the classes (``BalanceSignalsHook``).
        post_hoc: Methods that the table shows with it, too.
        test_options: Overrides by dotted key of tests alone.
        on_gpu: Whether its runs have to be of a GPU, as a table beside one of
            a CPU: sums and random draws differ, so that no row is compared
            with one of the other kind.
    """

    rows: Mapping[str, Row]
    folder: str
    parts: tuple[str, ...] = ('student', 'teacher')
    columns: tuple[str, ...] = ('mIoU', 'IoU_std', 'mAcc', 'Acc_std')
    arguments: tuple[str, ...] = ()
    data: Data | None = None
    sweeps: bool = False
    signals: bool = False
    post_hoc: tuple[str, ...] = ()
    test_options: Mapping[str, Any] = field(default_factory=dict)
    on_gpu: bool = False


def config_text(row: Row, data: Data) -> str:
    """The config of a row that has parts, as a user would write it.

    Args:
        row: The row.
        data: What the parts need to know.

    Returns:
        Python source.
    """
    bases = [row.config, *(f'_base_/balance/{part}.py' for part in row.parts)]
    lines = ['_base_ = [', *(f'    {str(CONFIGS / b)!r},' for b in bases), ']']
    if 'rcs' in row.parts:
        sampling = dict(
            _delete_=True, **data.sampling, stats_dir=data.stats_dir
        )
        lines += [
            "_base_.pop('balance_sampling')",
            f'sampling = dict({sampling!r})',
            'train_dataloader = dict(',
            '    dataset=dict(rare_class_sampling=sampling))',
        ]
    if set(row.parts) - {'rcs'}:
        lines += [
            "model = _base_.pop('balance_model')",
            'loss = model.segmentor.decode_head.loss_decode',
            "for each in (loss, loss.get('criterion', {})):",
            "    if 'num_classes' in each:",
            f'        each.num_classes = {data.num_classes}',
            "    if 'beta' in each:",
            f'        each.beta = {data.beta}',
            "hooks = _base_.pop('balance_hooks')",
            'for each in hooks:',
            "    if each.type == 'ClassStatisticsHook':",
            f'        each.stats_dir = {data.stats_dir!r}',
            "    if each.type == 'ClassWeightsHook':",
            '        each.interval = 10',
            'custom_hooks = _base_.custom_hooks + hooks',
            'del each, hooks, loss',
        ]
    return '\n'.join([*lines, ''])
