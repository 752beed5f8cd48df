"""Which results are of one method: the same settings, another seed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ...evaluation.comparison.runs import ScoredRun, check_classes
from ..records.provenance import PROVENANCE_KEY, changed_provenance
from ..records.settings import Change, changed_settings
from ..seed import SEED_KEY
from .evaluated_as import balancing_of, procedure_of
from .images import check_images, of_tested_images
from .result import Result


@dataclass
class Group:
    """Results of one method.

    Attributes:
        results: One a seed, and those whose seed is not known.
        name: Name of the method.
    """

    results: list[Result] = field(default_factory=list)
    name: str = ''

    @property
    def first(self) -> Result:
        """The one that stands for all in comparisons of settings."""
        return self.results[0]


def group(results: Sequence[Result]) -> tuple[list[Group], list[str]]:
    """Sort results by method.

    Args:
        results: The results, of one set of images and classes.

    Returns:
        The groups in the order of the results, without names; and lines for
        the user on what was left out and what differs within a group.

    Raises:
        ValueError: Results are of other images or classes.
    """
    results, notes = of_tested_images(results)
    check_images(results)
    check_classes([scored(result) for result in results])
    groups: list[Group] = []
    for result in results:
        for known in groups:
            if not differences(known.first, result):
                known.results.append(result)
                break
        else:
            groups.append(Group([result]))
    for known in groups:
        known.results, lines = one_a_seed(known.results)
        notes += [*lines, *_code_notes(known)]
    # evaluations of one training share what is said of it
    return groups, list(dict.fromkeys(notes))


def scored(result: Result, method: str = '') -> ScoredRun:
    """A result as what is compared.

    Args:
        result: The result.
        method: Name of its method.
    """
    return ScoredRun(
        method,
        result.seed,
        result.scores,
        result.classes,
        result.confusion,
        str(result.file),
    )


def differences(first: Result, second: Result) -> list[Change]:
    """Why two results are not of one method.

    Args:
        first: A result.
        second: Another.

    Returns:
        What differs beside the seed and the place of files; none where they
        are of one method.
    """
    balancing = [balancing_of(r.evaluated) for r in (first, second)]
    told = (
        ('kind', first.kind, second.kind),
        ('part', first.part, second.part),
        ('variant', first.variant, second.variant),
        ('snapshot', first.progress, second.progress),
        ('balancing', *balancing),
    )
    changes = [Change(key, old, new) for key, old, new in told if old != new]
    if None not in (first.settings, second.settings):
        changes += _changed_training(first, second)
    elif first.settings is not second.settings or first.name != second.name:
        changes.append(Change('name', first.name, second.name))
    procedures = procedure_of(first), procedure_of(second)
    if all(procedures):
        changes += [
            change
            for change in changed_settings(*procedures, evaluation=True)
            if not change.is_place
            and change.key not in {known.key for known in changes}
        ]
    return changes


def one_a_seed(results: Sequence[Result]) -> tuple[list[Result], list[str]]:
    """The latest result of each seed.

    Args:
        results: Results of one method.

    Returns:
        Those that are kept, in their order; and a line for each that is left
        out, but for an earlier test of one training with the same scores.
    """
    latest: dict[Any, Result] = {}
    notes = []
    for result in sorted(results, key=lambda r: r.written):
        run = _run_of(result)
        before = latest.get(run)
        latest[run] = result
        if before is None:
            continue
        same = before.scores == result.scores
        if not same or before.training != result.training:
            notes.append(
                f'seed {result.seed} of {result.name} twice: {before.file} '
                f'is left out, {result.file} is the later one'
                + (', with the same scores' if same else '')
            )
    kept = [r for r in results if latest[_run_of(r)] is r]
    return kept, notes


def _run_of(result: Result) -> Any:
    """The seed, or what else tells that two tests are of one training."""
    if result.seed is not None:
        return result.seed
    return result.training or result.checkpoint or result.file


def _changed_training(first: Result, second: Result) -> list[Change]:
    """Settings and training images that differ."""
    assert first.settings is not None and second.settings is not None
    changes = [
        change
        for change in changed_settings(first.settings, second.settings)
        if not change.is_place
        and change.key != SEED_KEY
        # of a run whose config has no seed, and drew one
        and change.key != 'randomness'
    ]
    old, new = (r.settings.get(PROVENANCE_KEY) for r in (first, second))
    if old and new and 'data' in old and 'data' in new:
        changes += changed_settings(
            {'images': old['data']}, {'images': new['data']}
        )
    return changes


def _code_notes(known: Group) -> list[str]:
    """Whether seeds of one method were trained by other code."""
    noted = [
        (result, (result.settings or {}).get(PROVENANCE_KEY))
        for result in known.results
    ]
    noted = [(result, p) for result, p in noted if p and 'versions' in p]
    for result, code in noted[1:]:
        lines = changed_provenance(noted[0][1] | dict(data={}), code)['code']
        if lines:
            return [
                f'{result.name}: seeds {noted[0][0].seed} and {result.seed} '
                f'were trained by other code: {"; ".join(lines)}'
            ]
    return []
