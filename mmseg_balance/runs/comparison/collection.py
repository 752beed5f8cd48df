"""Everything that is found in the folders and files that a user names."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import UserFileNotFoundError
from .evaluated_as import balancing_of
from .evaluations import UnusableScores, read_evaluation
from .result import TEST, Result
from .result_files import read_result_file
from .trainings import SCALARS, Training

# to <work_dir>/test/<timestamp>, from three folders above the work folders
DEPTH = 6
NOT_ENTERED = (
    *('vis_data', 'predictions', 'vis_image'),
    # images that a training of `reproduce` builds on
    *('pseudo_labels', 'translated'),
)


def collect(paths: Sequence[str | Path]) -> tuple[list[Result], list[str]]:
    """Results of work folders and files.

    Args:
        paths: Work folders, folders of these, or JSON files of results.

    Returns:
        Results in the order of the paths; and lines for the user on what
        was left out.

    Raises:
        FileNotFoundError: A path is not there, or none has a result.
        ValueError: A file is not one of results.
    """
    results: list[Result] = []
    notes: list[str] = []
    for path in map(Path, paths):
        if path.is_dir():
            found, lines = read_folder(path)
            notes += lines
            if not found and not lines:
                notes.append(
                    f'{path}: no scores of a test and no validation, left out'
                )
        elif path.is_file():
            found = read_result_file(path)
        else:
            raise UserFileNotFoundError(
                f'{path} does not exist: name a work folder of '
                'mmseg-balance train, or a file of results'
            )
        known = {_identity(result) for result in results}
        results += [r for r in found if _identity(r) not in known]
    results = without_tested(results)
    if not results:
        raise UserFileNotFoundError(
            'no result to compare: '
            + '; '.join(notes)
            + '. Make scores with mmseg-balance test CONFIG CHECKPOINT '
            '--work-dir WORK_DIR/test'
        )
    return results, notes


def read_folder(folder: Path) -> tuple[list[Result], list[str]]:
    """Tests and last validations below a folder.

    Args:
        folder: A work folder, or one of work folders.

    Returns:
        The results, and lines on what was left out.
    """
    tests: list[Result] = []
    notes: list[str] = []
    validations: list[Result] = []
    for place in walk(folder):
        if any(place.glob(f'*/{SCALARS}')):
            validation = Training(place).last_validation()
            validations += [validation] if validation else []
        file = place / f'{place.resolve().name}.json'
        if not file.is_file():
            continue
        try:
            tests.append(read_evaluation(file))
        except UnusableScores as error:
            notes.append(f'{error}: left out')
    return plain_first(without_tested([*tests, *validations])), notes


def plain_first(results: Sequence[Result]) -> list[Result]:
    """Put what was neither balanced post hoc nor a part beside it first.

    The first method of all is what others are compared with, and folders
    come by their names.

    Args:
        results: Results of one folder, whose trainings keep their order.
    """
    order: dict[Path | None, int] = {}
    for result in results:
        order.setdefault(result.training, len(order))
    return sorted(
        results,
        key=lambda result: (
            order[result.training],
            result.part == 'teacher',
            balancing_of(result.evaluated) != '',
            result.progress != '',
        ),
    )


def without_tested(results: Sequence[Result]) -> list[Result]:
    """Leave out validations of trainings whose end was tested.

    Args:
        results: Tests and last validations.
    """
    tested = {
        result.training.resolve()
        for result in results
        if result.kind == TEST and result.training and _is_final(result)
    }
    return [
        result
        for result in results
        if result.kind == TEST
        or result.training is None
        or result.training.resolve() not in tested
    ]


def walk(folder: Path) -> Iterator[Path]:
    """A folder and those below it, as deep as results may lie."""
    root = len(folder.parts)
    for place, names, _ in os.walk(folder):
        deep = len(Path(place).parts) - root >= DEPTH
        names[:] = [] if deep else sorted({*names} - {*NOT_ENTERED})
        yield Path(place)


def _is_final(test: Result) -> bool:
    """Whether a test is of the last of a training that is there."""
    assert test.training is not None
    last = Training(test.training).last_step
    return test.best or test.iteration in (test.length, last)


def _identity(result: Result) -> tuple:
    return result.file.resolve(), result.part, result.variant
