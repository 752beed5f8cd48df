"""Methods side by side: over seeds, beside papers, and pair by pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...errors import UserValueError
from ..video.rules import RULES
from .differences import PairedDifference, paired_difference
from .runs import (
    ScoredRun,
    by_method,
    check_rules,
    compared_scores,
    headlines,
    known_classes,
)
from .seeds import Spread, over_seeds


@dataclass(frozen=True)
class Published:
    """What a paper reports of a method.

    Attributes:
        scores: By the keys of ``BalancedIoUMetric``.
        source: Paper and tables.
    """

    scores: Mapping[str, float]
    source: str


@dataclass(frozen=True)
class Method:
    """A method and its runs.

    Attributes:
        name: Its name.
        runs: One a seed.
        scores: Each score over the seeds.
        published: What a paper reports of it.
    """

    name: str
    runs: tuple[ScoredRun, ...]
    scores: Mapping[str, Spread]
    published: Published | None = None

    @property
    def seeds(self) -> tuple[int | None, ...]:
        """Seeds that were run."""
        return tuple(run.seed for run in self.runs)


@dataclass(frozen=True)
class Comparison:
    """Methods compared.

    Attributes:
        methods: In the order of the runs.
        classes: Names of the classes; empty where they are not known.
        differences: To the baseline, or of all pairs of methods.
        notes: What a reader should know.
    """

    methods: tuple[Method, ...]
    classes: tuple[str, ...]
    differences: tuple[PairedDifference, ...] = ()
    notes: tuple[str, ...] = field(default=())


def compare(
    runs: Sequence[ScoredRun],
    baseline: str | None = None,
    all_pairs: bool = False,
    published: Mapping[str, Published] | None = None,
    notes: Sequence[str] = (),
) -> Comparison:
    """Compare methods.

    Args:
        runs: At least one; of one set of classes, one a method and seed.
        baseline: Method that others are compared with; by default the first.
        all_pairs: Compare each method with each one before it instead.
        published: Of papers, by the name of the method.
        notes: Lines that are known already.

    Returns:
        The comparison, with notes on what the runs are too few for.

    Raises:
        ValueError: There is no such baseline, or runs do not go together.
    """
    grouped = by_method(runs)
    names = list(grouped)
    if baseline is not None and baseline not in names:
        raise UserValueError(
            f'there is no method {baseline!r} to compare with, expected one '
            f'of {names}: change --baseline'
        )
    first = names[0] if baseline is None else baseline
    pairs = [(name, first) for name in names if name != first]
    if all_pairs:
        pairs = [(b, a) for i, a in enumerate(names) for b in names[i + 1 :]]
    published = published or {}
    methods = tuple(
        Method(name, tuple(r), over_seeds(r), published.get(name))
        for name, r in grouped.items()
    )
    classes = known_classes(runs)
    keys = list(headlines(runs))
    kinds = compared_scores(runs)
    keys += [f'{kind}.{name}' for kind in kinds for name in classes]
    differences = [
        paired_difference(grouped[a], grouped[b], key)
        for a, b in pairs
        for key in keys
    ]
    own = [*_seed_notes(methods), *_score_notes(methods)]
    own += [*_pair_notes(grouped, pairs), *_void_notes(methods)]
    own += _rule_notes(runs)
    return Comparison(
        methods,
        classes,
        tuple(d for d in differences if d is not None),
        (*notes, *own),
    )


def _seed_notes(methods: Sequence[Method]) -> list[str]:
    """Which methods say nothing of how they vary."""
    names = [m.name for m in methods]
    single = [m.name for m in methods if len(m.runs) == 1]
    lines = []
    if single:
        every = len(single) == len(names) > 1
        which = 'each method' if every else ', '.join(single)
        lines.append(
            f'one seed, so no spread, of {which}: a difference of single '
            'seeds may be noise'
        )
    unknown = [m.name for m in methods if None in m.seeds]
    if unknown:
        lines.append(
            'runs whose seed is not known, in the means and in no pair: '
            + ', '.join(unknown)
        )
    return lines


def _score_notes(methods: Sequence[Method]) -> list[str]:
    """Which scores are missing in some seeds, and which runs are copies."""
    lines = []
    runs = [run for method in methods for run in method.runs]
    main, kinds = headlines(runs), compared_scores(runs)
    for method in methods:
        total = len(method.runs)
        keys = {key for run in method.runs for key in run.scores}
        missing = {
            key: total
            - (method.scores[key].num if key in method.scores else 0)
            for key in keys
            if key in main or key.partition('.')[0] in kinds
        }
        short = [f'{key} in {n} of {total}' for key, n in missing.items() if n]
        if short:
            lines.append(
                f'{method.name}: no number for {", ".join(sorted(short))} '
                'runs; the mean is over the others'
            )
        for i, run in enumerate(method.runs):
            for other in method.runs[:i]:
                if run.scores and run.scores == other.scores:
                    lines.append(
                        f'{method.name}: seeds {other.seed} and {run.seed} '
                        'have the same scores in every digit; is '
                        f'{run.origin} a copy of {other.origin}?'
                    )
    return lines


def _void_notes(methods: Sequence[Method]) -> list[str]:
    """Whether panoptic quality takes predicted void for two things."""
    found: dict[str, list[str]] = {}
    for method in methods:
        for run in method.runs:
            is_as = [
                run.scores.get('mPQ') == run.scores.get(f'mPQ_void_{reading}')
                for reading in ('apart', 'as_road')
            ]
            # where both are equal, either may be meant
            if is_as[0] != is_as[1]:
                reading = 'apart' if is_as[0] else 'as_road'
                found.setdefault(reading, []).append(method.name)
    if len(found) < 2:
        return []
    names = {k: ', '.join(dict.fromkeys(v)) for k, v in found.items()}
    return [
        'panoptic quality is not of the same thing: predicted void is apart '
        f'in {names["apart"]}, and a part of road in {names["as_road"]}; '
        'mPQ_void_apart and mPQ_void_as_road (--format csv or json) are'
    ]


def _rule_notes(runs: Sequence[ScoredRun]) -> list[str]:
    """By which rule scores are counted, where there are several."""
    rule = check_rules(runs)
    return [] if rule is None else [f'scores end with {rule}: {RULES[rule]}']


def _pair_notes(
    grouped: Mapping[str, Sequence[ScoredRun]],
    pairs: Sequence[tuple[str, str]],
) -> list[str]:
    """Which methods share no seed with what they are compared with."""
    alone: dict[str, list[str]] = {}
    for name, other in pairs:
        ours, theirs = (
            {run.seed for run in grouped[n]} - {None} for n in (name, other)
        )
        if not ours & theirs:
            alone.setdefault(other, []).append(name)
    return [
        f'no seed in common with {other}, so no difference: {", ".join(names)}'
        for other, names in alone.items()
    ]
