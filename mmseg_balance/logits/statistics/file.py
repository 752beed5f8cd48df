"""Fitted distributions of logits as a file, or from a training's."""

import re
from numbers import Integral
from pathlib import Path
from typing import Any

from torch import Tensor

from ...errors import UserValueError
from .online import LogitStatistics
from .torch_file import TOOL, read_torch_file, write_torch_file
from .waiting import drop_waiting

FORMAT = 'mmseg_balance.LogitStatistics'
SETTINGS = ('num_classes', 'min_samples', 'clip', 'grid_size', 'anchor')
# single precision, summed over components
WEIGHT_TOLERANCE = 1e-3
# the last decode head of a cascade predicts, auxiliary heads never do
_OF_A_LOSS = re.compile(
    r'(?P<prefix>(?:.*\.)?decode_head\.(?:.*\.)?loss_decode\.(?:.*\.)?'
    r'statistics\.)source\.weights'
)


def save_statistics(
    path: str | Path, statistics: LogitStatistics, meta: dict[str, Any]
) -> None:
    """Save distributions of logits in a file that is whole or not there.

    Args:
        path: The file, replaced where it exists; missing parent folders are
            made.
        statistics: What to save: banks and settings, no samples.
        meta: Where they come from: numbers, strings, lists and dicts.

    Raises:
        TypeError: ``meta`` holds something else.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> statistics = LogitStatistics(3)
        >>> for bank in (statistics.source, statistics.anchors):
        ...     _ = bank.num_updates.fill_(1)  # as if it had been fitted
        >>> with TemporaryDirectory() as folder:
        ...     path = f'{folder}/logits.pth'
        ...     save_statistics(path, statistics, dict(images=500))
        ...     loaded, meta = load_statistics(path, num_classes=3)
        >>> meta
        {'images': 500}
    """
    settings = {name: getattr(statistics, name) for name in SETTINGS}
    settings['num_components'] = statistics.source.num_components
    state = statistics.state_dict()
    drop_waiting(state, '')
    content = dict(
        format=FORMAT,
        settings=settings,
        state_dict=state,
        meta=meta,
    )
    write_torch_file(path, content)


def load_statistics(
    path: str | Path, num_classes: int | None = None
) -> tuple[LogitStatistics, dict[str, Any]]:
    """Load distributions of logits from a file or a training's checkpoint.

    Args:
        path: File of :func:`save_statistics`, or a checkpoint of a model
            whose decode head has a ``BLDALoss``. A checkpoint says nothing
            of ``clip``, ``grid_size`` and ``anchor``, which then are those
            of :class:`LogitStatistics` by default.
        num_classes: Number of classes that is expected. Default: any.

    Returns:
        The statistics on the CPU, and where they come from: the ``meta`` of
        the file; of a checkpoint its path and, where it has them, 'iter' and
        'classes'.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is broken, has no statistics, none that were
            fitted, some that are no mixtures, or those of another number of
            classes; says what to do.
    """
    path = Path(path)
    content = read_torch_file(path)
    if content.get('format') == FORMAT:
        settings, meta = content['settings'], content['meta']
        state = content['state_dict']
    else:
        settings, state, meta = _of_checkpoint(content, path)
    if num_classes not in (None, settings['num_classes']):
        raise UserValueError(
            f'{path} has statistics of {settings["num_classes"]} classes, '
            f'expected {num_classes}: make those of this model with {TOOL}'
        )
    statistics = LogitStatistics(**settings)
    try:
        statistics.load_state_dict(state)
    except RuntimeError as error:
        raise UserValueError(
            f'{path} has statistics that do not fit their settings '
            f'({" ".join(str(error).split())}): make it anew with {TOOL}'
        ) from error
    _check_fitted(statistics, path)
    _check_mixtures(statistics, path)
    return statistics, meta


def _of_checkpoint(
    content: dict[str, Any], path: Path
) -> tuple[dict[str, Any], dict[str, Tensor], dict[str, Any]]:
    """Settings, state and origin of the statistics of a decode head."""
    weights = content.get('state_dict', content)
    found = [
        match['prefix']
        for key in (weights if isinstance(weights, dict) else ())
        if (match := _OF_A_LOSS.fullmatch(str(key)))
    ]
    if not found:
        raise UserValueError(
            f'{path} has no logit statistics: it is neither a file of {TOOL} '
            'nor a checkpoint of a model whose decode head has a BLDALoss. '
            f'Make them with {TOOL} CONFIG {path}'
        )
    # of a head within the head (HRDA: the detail crops) the outer one
    prefix = max(found, key=lambda name: (_numbers(name), -len(name)))
    # copies: nothing refers to the mapped checkpoint
    state = {
        key.removeprefix(prefix): value.clone()
        for key, value in weights.items()
        if key.startswith(prefix)
    }
    shape = state['source.weights'].shape
    settings = dict(num_classes=shape[0], num_components=shape[-1])
    meta: dict[str, Any] = dict(checkpoint=str(path))
    origin = _dict(content.get('meta'))
    if isinstance(origin.get('iter'), Integral):
        meta['iter'] = origin['iter']
    classes = _dict(origin.get('dataset_meta')).get('classes')
    if isinstance(classes, (list, tuple)) and classes:
        meta['classes'] = list(classes)
    return settings, state, meta


def _dict(value: Any) -> dict[str, Any]:
    """It, or an empty one: what is no dict may be left out of a file."""
    return value if isinstance(value, dict) else {}


def _numbers(key: str) -> list[int]:
    """Numbers in a key, by which heads and losses of a list are ordered."""
    return [int(part) for part in key.split('.') if part.isdecimal()]


def _check_fitted(statistics: LogitStatistics, path: Path) -> None:
    banks = {
        name: bool((getattr(statistics, name).num_updates > 0).any())
        for name in ('source', 'target')
    }
    # offsets from one anchor alone would be wrong for the other logits
    banks['anchors'] = bool((statistics.anchors.num_updates > 0).all())
    if not banks['anchors'] or not (banks['source'] or banks['target']):
        unfitted = ', '.join(
            name for name, fitted in banks.items() if not fitted
        )
        raise UserValueError(
            f'{path} has statistics that were never fitted ({unfitted}): '
            'train longer with GMMUpdateHook in custom_hooks, or make them '
            f'with {TOOL}'
        )


def _check_mixtures(statistics: LogitStatistics, path: Path) -> None:
    """Refuse numbers that no fit gives; scores would be wrong in silence."""
    for name in ('source', 'target', 'anchors'):
        bank = getattr(statistics, name)
        sums = bank.weights.sum(-1)
        wrong = {
            'means that are not finite': ~bank.means.isfinite(),
            'variances that are not above 0': ~(
                (bank.variances > 0) & bank.variances.isfinite()
            ),
            'weights that are not a distribution': (bank.weights < 0).any(-1)
            | ~((sums - 1).abs() < WEIGHT_TOLERANCE),
        }
        found = [what for what, where in wrong.items() if where.any()]
        if found:
            raise UserValueError(
                f'{path} has {found[0]} among its {name} mixtures: make it '
                f'anew with {TOOL}'
            )
