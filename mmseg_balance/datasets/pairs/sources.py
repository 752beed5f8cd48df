"""The labelled sources of a training, and how their samples are drawn."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import UserTypeError, UserValueError
from ..domains.domain import Domain
from ..domains.joint import JointDomain
from ..loading.leaves import build_lazily
from ..sampling.rare_class_sampling import RareClassSampling
from ..sampling.samplers import Draw
from ..sampling.source_choice import SourceChoice

SOURCE_KEY = 'source_name'  # in the meta data of a sample of several sources


class Sources:
    """One or several labelled data sets, each with its rare class sampling.

    Args:
        source: Config or data set, or a list of them.
        rare_class_sampling: Arguments of :class:`RareClassSampling`, of each
            source by itself; a list has those of each; None takes samples as
            they come.
        weights: See :class:`SourceChoice`.
        progressive: See :class:`SourceChoice`.
        names: What the sources are called in logs. Default: 'source0',
            'source1', ...
        skips_bad: Whether bad files are left out.

    Attributes:
        domains (list[Domain]): Each of them.
        domain (Domain): All of them as one.
        samplings (list[RareClassSampling | None]): Of each of them.
        choice (SourceChoice): Draws one of them.
        names (list[str]): As they are called in logs.

    Raises:
        TypeError, ValueError: Arguments that do not fit the sources.
    """

    def __init__(
        self,
        source: Any,
        rare_class_sampling: dict | Sequence[dict | None] | None = None,
        weights: Sequence[Any] | None = None,
        progressive: Sequence[int] | None = None,
        names: Sequence[str] | None = None,
        skips_bad: bool = False,
    ) -> None:
        sources = as_list(source)
        several = len(sources) > 1
        self.samplings = [
            None if arguments is None else RareClassSampling(**arguments)
            for arguments in _of_each(rare_class_sampling, len(sources))
        ]
        self.choice = SourceChoice(len(sources), weights, progressive)
        self.names = _checked_names(names, len(sources))
        self.domains = [
            _domain(
                dataset,
                f'source[{i}]' if several else 'source',
                sampling,
                skips_bad,
            )
            for i, (dataset, sampling) in enumerate(
                zip(sources, self.samplings, strict=True)
            )
        ]
        self.domain = self.domains[0]
        if several:
            self.domain = JointDomain(self.domains, 'source')
            self.domain.probs = self.choice.probs

    def prepare(self, class_names: tuple[str, ...]) -> None:
        """Let rare class sampling read its statistics.

        Args:
            class_names: Names of the classes.

        Raises:
            FileNotFoundError, ValueError: See ``RareClassSampling.prepare``.
        """
        for domain, sampling in zip(self.domains, self.samplings, strict=True):
            if sampling is not None:
                sampling.prepare(domain, class_names)

    def draw(self, index: Draw | int) -> Any:
        """Take a sample.

        Args:
            index: Index into all sources. It is taken where no source is
                drawn by weight and none of its samples by class. Where it
                has a seed, what replaces a bad file follows from that.

        Returns:
            What the pipeline returns. Of several sources, its
            ``data_samples`` have the name of theirs in their meta data,
            under ``SOURCE_KEY``.

        Raises:
            OSError, ValueError, RuntimeError: No sample is good; says why.
        """
        seed = getattr(index, 'seed', None)
        chosen = self.choice.choose(getattr(index, 'iteration', None))
        if chosen is not None:
            index = np.random.randint(len(self.domains[chosen]))
        elif len(self.domains) > 1:
            chosen, index = self.domain.domain_of(index)
        else:
            chosen = 0
        domain, sampling = self.domains[chosen], self.samplings[chosen]
        if sampling is None:
            sample = domain.take(index, seed)
        else:
            sample = domain.draw(sampling.choose, seed)
        if len(self.domains) > 1:
            _note_source(sample, self.names[chosen])
        return sample


def as_list(source: Any) -> list[Any]:
    """The sources that are given, one or several.

    Args:
        source: Config or data set, or a list of them.

    Raises:
        ValueError: The list is empty.
    """
    if not isinstance(source, list | tuple):
        return [source]
    if not source:
        raise UserValueError(
            'source is an empty list, expected the config of a data set, or '
            'a list of such'
        )
    return list(source)


def _of_each(arguments: Any, num_sources: int) -> list[dict | None]:
    """Arguments of rare class sampling for each of the sources."""
    rows = arguments
    if isinstance(arguments, dict | None):
        rows = [arguments] * num_sources
    if not isinstance(rows, list | tuple) or not all(
        isinstance(row, dict | None) for row in rows
    ):
        raise UserTypeError(
            f'rare_class_sampling is {arguments!r}, expected '
            'dict(class_temp=0.01, min_pixels=3000) or None, or a list of '
            'such for several sources'
        )
    if len(rows) != num_sources:
        raise UserValueError(
            f'rare_class_sampling is a list of {len(rows)}, source of '
            f'{num_sources}: expected one entry (a dict or None) a source, or '
            'one dict for all'
        )
    return list(rows)


def _checked_names(names: Any, num_sources: int) -> list[str]:
    if names is None:
        return [f'source{i}' for i in range(num_sources)]
    if (
        not isinstance(names, list | tuple)
        or not len(names) == len(set(map(str, names))) == num_sources
        or not all(isinstance(n, str) and n and '/' not in n for n in names)
    ):
        raise UserValueError(
            f'source_names: expected {num_sources} different names without a '
            f"slash, one a source, as in ['gta', 'synthia'], found {names!r}"
        )
    return list(names)


def _domain(
    source: Any,
    key: str,
    sampling: RareClassSampling | None,
    skips_bad: bool,
) -> Domain:
    is_config = isinstance(source, dict)
    return Domain(
        build_lazily(source, key) if is_config else source,
        key,
        skips_bad,
        split_before=sampling and sampling.split_before,
        stats_dir=sampling and sampling.stats_dir,
    )


def _note_source(sample: Any, name: str) -> None:
    data_samples = sample.get('data_samples')
    if hasattr(data_samples, 'set_metainfo'):
        data_samples.set_metainfo({SOURCE_KEY: name})
