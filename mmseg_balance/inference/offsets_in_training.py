"""What the loss of a config does with the offsets of its distributions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from mmseg_balance.logits import LogitStatistics

from ..engine.records.classes import trained_head
from ..models.head_losses.logit_statistics import statistics_of
from ..models.head_losses.segmentation_loss import loss_modules


def following_loss(model: nn.Module) -> nn.Module | None:
    """First loss of the decode head that follows its logits.

    Args:
        model: A segmentor or a model around one.

    Returns:
        A ``BLDALoss`` for one; None where there is none.
    """
    head = trained_head(model)
    losses = [] if head is None else loss_modules(head)
    for loss in losses:
        if isinstance(getattr(loss, 'statistics', None), LogitStatistics):
            return loss
    return None


def take_clip(
    found: LogitStatistics,
    meta: Mapping[str, Any],
    statistics: str,
    model: nn.Module,
) -> None:
    """Read the distributions of a checkpoint as its training does.

    A checkpoint does not say where its loss clamps CDFs, its config does; a
    file of ``logits fit`` does, and stays as it is.

    Args:
        found: Distributions, changed in place.
        meta: What ``load_statistics`` returned beside them.
        statistics: Their file.
        model: Of the config.
    """
    origin, head = meta.get('checkpoint'), trained_head(model)
    own = None if head is None else statistics_of(head)
    if own is None or origin is None:
        return
    if Path(origin).resolve() == Path(statistics).resolve():
        found.clip = own.clip


def use_in_training(model: nn.Module) -> dict[str, Any]:
    """Settings of the loss that say which offsets training subtracts.

    Args:
        model: Of the config.

    Returns:
        'tau' and 'adjust' of a ``BLDALoss``; None each where there is none.
    """
    loss = following_loss(model)
    return {key: getattr(loss, key, None) for key in ('tau', 'adjust')}


def use_line(use: Mapping[str, Any], config: str) -> str:
    """The same for the reader of a table.

    Args:
        use: Of :func:`use_in_training`.
        config: The config, for the text.
    """
    tau, adjust = use['tau'], use['adjust']
    if tau is None:
        return f'{config} has no BLDALoss: its training subtracts no offset'
    if not tau:
        return f'tau of {config} is 0: its training subtracts no offset'
    line = f'the training of {config} subtracts tau = {tau:g} times offsets'
    if adjust == 'source':
        line += " of source batches alone (adjust='source'), none of targets"
    return line
