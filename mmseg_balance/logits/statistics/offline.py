"""Distributions of logits fitted to a whole data set at once."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from ...errors import UserValueError
from ..mixtures.bins import (
    LEAST_SIGMA,
    NUM_BINS,
    bin_samples,
    binned_moments,
)
from ..mixtures.em import Parameters, em_step, m_step
from ..mixtures.gmm import GaussianMixtureBank
from ..mixtures.inputs import LARGEST
from ..progress import Track, renamed, untracked
from .online import LogitStatistics
from .reservoir import LogitReservoir
from .takes_settings import takes_settings

# Elements of the largest temporary of an EM loop, (mixtures, K, n).
_CHUNK = 2**22
# Samples for each bin from which on bins are worth their while.
_ENOUGH = 4


@takes_settings()
@torch.no_grad()
def fit_statistics(
    source: LogitReservoir,
    target: LogitReservoir | None = None,
    *,
    max_loops: int = 100,
    tolerance: float = 1e-4,
    device: torch.device | str = 'cpu',
    track: Track = untracked,
    **settings: Any,
) -> LogitStatistics:
    """Fit Gaussian mixtures to the logits of a trained model (Sec. 3.3.3).

    What BLDALoss follows with momentum over a training, EM finds here in one
    go: from components spread over the samples (App. D), loop after loop
    until they are at rest.

    Args:
        source: Logits of the source, by its labels.
        target: Logits of the target, by pseudo-labels. Default: the bank of
            the target stays unfitted.
        max_loops: EM loops at most.
        tolerance: A mixture is at rest when no mean moves by more than this
            share of its sigma in a loop.
        device: Where the loops run.
        track: Shows progress, see :data:`.progress.Track`.
        **settings: See :class:`.settings.StatisticsSettings`. Rows of
            classes with fewer than ``min_samples`` pixels stay unfitted;
            what concerns updates counts if the statistics have some later.

    Returns:
        Statistics on the CPU: ``num_updates`` is 1 for what was fitted.

    Raises:
        ValueError: A setting out of range, reservoirs of another number of
            classes, or fewer than ``min_samples`` pixels for the anchors.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> reservoir = LogitReservoir(num_classes=2)
        >>> for index in range(3):  # images of a data set
        ...     labels = torch.randint(2, (20, 20))
        ...     logits = torch.randn(2, 20, 20) + 4 * labels
        ...     reservoir.add(logits, labels, index)
        >>> fitted = fit_statistics(reservoir, num_components=1)
        >>> fitted.source.means.squeeze(-1).round().int()  # (c, l)
        tensor([[0, 0],
                [4, 4]], dtype=torch.int32)
    """
    if max_loops < 1:
        raise UserValueError(
            f'Expected `max_loops` to be at least 1, but got {max_loops}'
        )
    if not tolerance >= 0:
        raise UserValueError(
            f'Expected `tolerance` to be at least 0, but got {tolerance}'
        )
    if target is not None and target.num_classes != source.num_classes:
        raise UserValueError(
            f'Expected `target` to have the {source.num_classes} classes of '
            f'`source`, but got {target.num_classes}'
        )
    statistics = LogitStatistics(source.num_classes, **settings)
    anchor, min_samples = statistics.anchor, statistics.min_samples
    until = (max_loops, tolerance, device)
    samples, valid = _anchor_samples(source, target, anchor)
    if samples.shape[1] < min_samples:
        raise UserValueError(
            f'anchor={anchor!r} has {samples.shape[1]} labelled pixels '
            '(images of a classifier) to follow, expected at least '
            f'min_samples={min_samples}: add images, choose another anchor, '
            'or take fewer (--min-samples)'
        )
    finite = int((samples.abs() < LARGEST).all(0).sum())
    if finite < min_samples:
        raise UserValueError(
            f'{samples.shape[1] - finite} of {samples.shape[1]} pixels have '
            'logits that are NaN, infinite or beyond 1e6: the training of '
            'this checkpoint failed, take an earlier one'
        )
    fit_bank(
        statistics.anchors,
        samples,
        valid,
        min_samples,
        *until,
        track=renamed(track, 'fit anchors'),
    )
    for domain, reservoir in dict(source=source, target=target).items():
        if reservoir is not None:
            samples, valid = reservoir.class_samples()
            enough = reservoir.num_pixels >= min_samples
            valid = (valid & enough[:, None]).unsqueeze(1)
            # pixels decide what is fitted, of which few may be kept
            fit_bank(
                getattr(statistics, domain),
                samples,
                valid.expand_as(samples),
                1,
                *until,
                track=renamed(track, f'fit {domain}'),
            )
    return statistics


@torch.no_grad()
def fit_bank(
    bank: GaussianMixtureBank,
    samples: Tensor,
    valid: Tensor,
    min_samples: int = 1,
    max_loops: int = 100,
    tolerance: float = 1e-4,
    device: torch.device | str = 'cpu',
    track: Track = untracked,
) -> None:
    """Fit a bank to samples, a few mixtures after the other.

    Args:
        bank: The bank, changed in place: what is fitted has
            ``num_updates`` 1, the rest is left as it is.
        samples: (*shape, n); what is not finite, or beyond 1e6, does not
            count.
        valid: Samples that count, bool (*shape, n). Where n is large they
            are sorted into bins first: the CDFs are the same to 1e-4.
        min_samples: Samples that a mixture needs.
        max_loops: EM loops at most.
        tolerance: See :func:`fit_statistics`.
        device: Where the loops run.
        track: Shows progress.
    """
    dims = len(bank.shape)
    samples, valid = samples.flatten(0, dims - 1), valid.flatten(0, dims - 1)
    valid = valid & (samples.abs() < LARGEST)  # False for NaN as well
    rows = (valid.sum(-1) >= max(min_samples, 1)).nonzero().squeeze(1)
    size = max(_CHUNK // max(samples.shape[1] * bank.num_components, 1), 1)
    own = [p.view(-1, bank.num_components) for p in bank.parameters_]
    # a part is a loop of some mixtures: a chunk alone may take a minute
    chunks = rows.split(size) if len(rows) else ()
    loops = iter(track(range(len(chunks) * max_loops), 'fit'))
    for chunk in chunks:
        fitted = _fit(
            samples[chunk].to(device),
            valid[chunk].to(device),
            bank,
            itertools.islice(loops, max_loops),
            max_loops,
            tolerance,
        )
        for old, new in zip(own, fitted, strict=True):
            old[chunk] = new.to(old.device)
    next(loops, None)  # ends what shows them
    bank.num_updates.view(-1)[rows] = 1
    bank.staleness.view(-1)[rows] = 1
    bank.step.fill_(len(rows) > 0)


def _fit(
    samples: Tensor,
    valid: Tensor,
    like: GaussianMixtureBank,
    loops: Iterable[int],
    max_loops: int,
    tolerance: float,
) -> Parameters:
    """EM to rest, for mixtures (R,) with samples (R, n).

    All of ``loops`` are consumed, also those that are not needed.
    """
    bank = GaussianMixtureBank(
        (len(samples),), like.num_components, min_variance=like.min_variance
    ).to(samples.device)
    bank.initialize(samples, valid)
    samples = samples.masked_fill(~valid, 0)
    least = like.min_variance
    if samples.shape[1] < _ENOUGH * NUM_BINS:

        def step(parameters: Parameters) -> Parameters:
            return em_step(samples, parameters, valid, least)

        return _repeat(step, bank.parameters_, loops, tolerance)[0]
    bins = bin_samples(samples, valid)

    def binned_step(parameters: Parameters) -> Parameters:
        moments = binned_moments(bins, parameters)
        return m_step(moments, parameters, least)

    fitted, narrowest = _repeat(
        binned_step, bank.parameters_, loops, tolerance
    )
    narrow = narrowest < LEAST_SIGMA * bins.width
    if bool(narrow.any()):  # the samples themselves say more
        own, counted = samples[narrow], valid[narrow]
        exact, _ = _repeat(
            lambda parameters: em_step(own, parameters, counted, least),
            tuple(p[narrow] for p in bank.parameters_),
            range(max_loops),
            tolerance,
        )
        for old, new in zip(fitted, exact, strict=True):
            old[narrow] = new
    return fitted


def _repeat(
    step: Callable[[Parameters], Parameters],
    parameters: Parameters,
    loops: Iterable[int],
    tolerance: float,
) -> tuple[Parameters, Tensor]:
    """Repeat a step until no mean moves.

    Returns:
        The parameters, and the least sigma that each mixture had.
    """
    narrowest = parameters[2].amin(-1)
    is_at_rest = False
    for _ in loops:
        if is_at_rest:
            continue
        means = parameters[1]
        parameters = step(parameters)
        _, moved, variances = parameters
        narrowest = torch.minimum(narrowest, variances.amin(-1))
        steps = (moved - means).abs()
        is_at_rest = bool((steps <= tolerance * variances.sqrt()).all())
    return parameters, narrowest.sqrt()


def _anchor_samples(
    source: LogitReservoir,
    target: LogitReservoir | None,
    anchor: str | int,
) -> tuple[Tensor, Tensor]:
    """Samples of the two anchors, (2, m)."""
    if anchor == 'source':
        return source.anchor_samples()
    if isinstance(anchor, int):
        return source.anchor_samples(anchor)
    if target is None:
        raise UserValueError(
            "Expected logits of the target for `anchor` 'target', but got "
            'none: pass `target`, or choose another anchor'
        )
    return target.anchor_samples()
