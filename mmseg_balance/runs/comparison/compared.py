"""From paths to a comparison: read, group, name, compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import UserValueError
from ...evaluation.comparison.comparison import Comparison, compare
from .collection import collect
from .grouping import Group, group, scored
from .naming import name_groups
from .published import find_published
from .result import VALIDATION, Result


@dataclass(frozen=True)
class ComparedRuns:
    """A comparison, and the runs that it is of.

    Attributes:
        comparison: The numbers.
        groups: Results of each method, in its order.
    """

    comparison: Comparison
    groups: tuple[Group, ...]


def compare_runs(
    paths: Sequence[str | Path],
    baseline: str | None = None,
    all_pairs: bool = False,
    names: Sequence[str] | None = None,
    part: str | None = None,
) -> ComparedRuns:
    """Compare what work folders and files hold.

    Args:
        paths: See ``collect``.
        baseline: Method that others are compared with; by default the first.
        all_pairs: Compare all pairs of methods instead.
        names: Names of the methods; by default those of their configs.
        part: 'student' or 'teacher', whose scores alone are compared.

    Returns:
        The comparison, whose notes say what was left out and what is not
        alike.

    Raises:
        OSError, ValueError: There is nothing to compare, or it does not go
            together; says what.
    """
    results, notes = collect(paths)
    if part is not None:
        results = of_part(results, part)
    groups, lines = group(results)
    name_groups(groups, names)
    notes += [*lines, *_kind_notes(groups)]
    published = {}
    for member in groups:
        found, line = find_published(member.first)
        notes += [line] if line else []
        if found is not None:
            published[member.name] = found
    runs = [
        scored(r, member.name) for member in groups for r in member.results
    ]
    comparison = compare(runs, baseline, all_pairs, published, notes)
    return ComparedRuns(comparison, tuple(groups))


def of_part(results: Sequence[Result], part: str) -> list[Result]:
    """Results of one segmentor, and of models that have but one.

    Args:
        results: The results.
        part: 'student' or 'teacher'.

    Raises:
        ValueError: There are none.
    """
    kept = [result for result in results if result.part in ('', part)]
    if not kept:
        raise UserValueError(
            f'--part {part}: all results are of the {results[0].part}; leave '
            "it out, or test with --cfg-options model.predict_with='"
            f"{part}'"
        )
    return kept


def _kind_notes(groups: Sequence[Group]) -> list[str]:
    """Which scores are not those of a test at the end of a training."""
    lines = []
    validated = [g.name for g in groups if g.first.kind == VALIDATION]
    if validated:
        lines.append(
            'scores of the last validation, since no test of the last '
            f'checkpoint is there: {", ".join(validated)}'
        )
    lines += [
        f'{g.name}: {r.training or r.file} has not ended, or what is scored '
        f'is an earlier snapshot: {r.progress}'
        for g in groups
        for r in g.results
        if r.progress and not r.best
    ]
    return lines
