"""Whether a run that goes on is still the run of its checkpoint."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.runner import BaseLoop
from torch import Tensor, nn

from ...datasets.sampling.few_shot import FEW_SHOT_FILE
from ...errors import UserValueError
from ...state_dicts import differences, shown
from ..records.settings import RANKS_KEY, settings_of


def check_same_model(
    model: nn.Module, weights: dict[str, Tensor], path: str
) -> None:
    """Refuse to go on with a model that the checkpoint is not of.

    mmengine would go on with initial values for what the checkpoint lacks.

    Args:
        model: The model, without its wrapper.
        weights: State dict of the checkpoint.
        path: File of that, for the error.

    Raises:
        ValueError: A key or a shape differs; names the first three.
    """
    own = model.state_dict()
    wrong = differences(own, weights)
    wrong += [f'{key!r} is not in the model' for key in weights.keys() - own]
    if wrong:
        raise UserValueError(
            f'--resume: {path} is of another model: {shown(wrong)}. Resume '
            'with the config that it was trained with, or start with '
            'load_from instead: leave --resume away and add --cfg-options '
            f'load_from={path}'
        )


def check_same_shots(
    before: Mapping[str, Any] | None, now: Mapping[str, Any], path: str
) -> None:
    """Refuse to go on with other few target images than a run began with.

    Args:
        before: Provenance that the checkpoint notes; None where it is of an
            earlier version, and tells nothing.
        now: That of the run.
        path: File of the checkpoint, for the error.

    Raises:
        ValueError: Names both choices.
    """
    if before is None or before.get('few_shot') == now.get('few_shot'):
        return
    was, given = (
        noted.get('few_shot', 'all target images') for noted in (before, now)
    )
    raise UserValueError(
        f'--resume: {path} was trained on {was}, and few_shot gives {given}: '
        'the run would be one of both. Set few_shot to the '
        f'{FEW_SHOT_FILE} of the work folder, or to what it was, or start '
        'another run with load_from: leave --resume away and add '
        f'--cfg-options load_from={path}'
    )


def changed_data_order(
    meta: dict, batch_size: int | None, num_ranks: int
) -> list[str]:
    """What makes a resumed run see its images in another order.

    Args:
        meta: Meta data of the checkpoint; its ``cfg`` has the batch size
            and, where mmseg-balance train wrote it, the number of ranks.
        batch_size: Samples of a batch on each rank now.
        num_ranks: Number of ranks now.

    Returns:
        A sentence for each setting that differs, with both values; none
        where the checkpoint does not tell.
    """
    cfg = settings_of(meta)
    if cfg is None:
        return []
    before = {
        'train_dataloader.batch_size': (
            (cfg.get('train_dataloader') or {}).get('batch_size'),
            batch_size,
        ),
        'the number of ranks': (cfg.get(RANKS_KEY), num_ranks),
    }
    return [
        f'{name} is {now}, but was {then} until the checkpoint: the run goes '
        'on, but its images come in another order than without the '
        'interruption'
        for name, (then, now) in before.items()
        if None not in (then, now) and then != now
    ]


def nothing_left(meta: dict, loop: BaseLoop) -> str | None:
    """Whether a checkpoint is of the end of the training.

    Args:
        meta: Meta data of the checkpoint.
        loop: Training loop that would go on from it.

    Returns:
        The line for the user, or None where something is left.
    """
    done, wanted = meta.get('iter', 0), loop.max_iters
    if done < wanted:
        return None
    return f'nothing left to do, {done} of {wanted} iterations are trained'


def last_validation_is_missing(work_dir: str | Path, iteration: int) -> bool:
    """Whether a training was stopped in the validation at its end.

    Args:
        work_dir: Folder of the run, with the logs of its visualizer.
        iteration: The last one.

    Returns:
        False as well where no values were logged there.
    """
    rows = [
        row
        for file in Path(work_dir).glob('*/vis_data/scalars.json')
        for row in map(_row, file.read_text().splitlines())
        if row.get('step')
    ]
    # those of a validation have scores, and no learning rate
    scored = [row for row in rows if not row.keys() & {'lr', 'loss'}]
    return bool(rows) and all(row['step'] != iteration for row in scored)


def _row(line: str) -> dict:
    try:
        return json.loads(line)
    except json.JSONDecodeError:
        return {}  # cut by a kill
