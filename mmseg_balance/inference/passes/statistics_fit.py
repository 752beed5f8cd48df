"""The mixtures of what a pass over the training sets has collected."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from ...errors import UserValueError
from ...logits.statistics import LogitStatistics, StatisticsSettings
from ...logits.statistics.offline import fit_statistics
from ...progress import track
from .statistics_pass import StatisticsPass

MIN_SAMPLES = StatisticsSettings.min_samples
TITLES = dict(source='source', target='target, pseudo-labels')


def find_anchor(anchor: str, classes: Sequence[str]) -> str | int:
    """The ``anchor`` of LogitStatistics that an option names.

    Args:
        anchor: ``'source'``, ``'target'``, or the name of a class.
        classes: Names of the classes.

    Returns:
        The domain, or the number of the class.

    Raises:
        ValueError: It is none of them.
    """
    if anchor in ('source', 'target'):
        return anchor
    if anchor not in classes:
        raise UserValueError(
            "Expected --anchor to be 'source', 'target' or one of "
            f'{", ".join(classes)}, but got {anchor!r}'
        )
    return list(classes).index(anchor)


def fit_pass(
    state: StatisticsPass,
    domains: Iterable[str],
    classes: Sequence[str],
    anchor: str = 'source',
    num_components: int = 5,
    device: torch.device | str = 'cpu',
    min_samples: int = MIN_SAMPLES,
) -> LogitStatistics:
    """Fit what was collected of each domain.

    Args:
        state: The pass, at its end.
        domains: Domains that it went over.
        classes: Names of the classes.
        anchor: See :func:`find_anchor`.
        num_components: Components of each mixture.
        device: Where they are fitted.
        min_samples: Pixels (images of a classifier) that a class needs.

    Returns:
        The statistics.

    Raises:
        ValueError: The anchor has too few samples.
    """
    number = find_anchor(anchor, classes)
    try:
        return fit_statistics(
            **{domain: state.reservoirs[domain] for domain in domains},
            num_components=num_components,
            anchor=number,
            device=device,
            min_samples=min_samples,
            track=track,
        )
    except ValueError as error:
        # it knows the number of the class, the user gave the name
        named = f'--anchor {anchor} (class {number})'
        text = str(error).replace(f'anchor={number}', named)
        raise UserValueError(text) from error


def sample_table(
    classes: Sequence[str],
    state: StatisticsPass,
    domains: Sequence[str],
    units: str = 'pixels',
) -> str:
    """Pixels and samples of each class in each domain.

    Args:
        classes: Names of the classes.
        state: The pass, at its end.
        domains: Domains that it went over.
        units: What has a label, for the title.

    Returns:
        A line for each class, below two of titles.
    """
    width = max(map(len, classes))
    lines = [
        f'{"":{width}}' + ''.join(f'  {TITLES[d]:^23}' for d in domains),
        f'{"class":{width}}' + f'  {units:>13}  {"samples":>8}' * len(domains),
    ]
    for c, name in enumerate(classes):
        line = f'{name:{width}}'
        for domain in domains:
            reservoir = state.reservoirs[domain]
            pixels = int(reservoir.num_pixels[c])
            samples = min(pixels, reservoir.capacity)
            line += f'  {pixels:13d}  {samples:8d}'
        lines.append(line)
    return '\n'.join(lines)


def not_fitted(
    statistics: LogitStatistics, domain: str, classes: Sequence[str]
) -> list[str]:
    """Classes of which a domain has too few pixels.

    Args:
        statistics: What was fitted.
        domain: ``'source'`` or ``'target'``.
        classes: Names of the classes.

    Returns:
        Names of those whose mixtures are none; their rows have offset 0.
    """
    fitted = getattr(statistics, domain).num_updates.diagonal() > 0
    return [n for n, f in zip(classes, fitted, strict=True) if not f]


def fit_meta(
    state: StatisticsPass,
    images: Mapping[str, Sequence],
    classes: Sequence[str],
    config: str,
    checkpoint: str,
    part: str | None,
    anchor: str,
    num_components: int,
    min_samples: int = MIN_SAMPLES,
) -> dict[str, Any]:
    """What a file of statistics says of its origin.

    Args:
        state: The pass, at its end.
        images: Images that it went over, by domain.
        classes: Names of the classes.
        config: Config of the model.
        checkpoint: Its weights.
        part: Segmentor of them, of a UDA model.
        anchor: See :func:`find_anchor`.
        num_components: Components of each mixture.
        min_samples: Pixels that a class needed.

    Returns:
        ``meta`` of ``save_statistics``.
    """
    fitted = dict(anchor=anchor, num_components=num_components)
    if min_samples != MIN_SAMPLES:
        fitted['min_samples'] = min_samples
    if '://' not in checkpoint:  # for tools in other folders
        checkpoint = str(Path(checkpoint).resolve())
    return dict(
        config=config,
        checkpoint=checkpoint,
        part=part,
        threshold=state.threshold,
        classes=list(classes),
        images={key: len(of) for key, of in images.items()},
        pixels={
            key: state.reservoirs[key].num_pixels.tolist() for key in images
        },
        # what tells whether they are still those of a command
        settings=state.settings | fitted,
    )
