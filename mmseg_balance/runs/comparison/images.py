"""Whether results are of the same test images, without which none compare."""

from collections.abc import Sequence

import numpy as np

from ...errors import UserValueError
from ..records.settings import Change, changed_settings
from .evaluated_as import images_of
from .result import TEST, Result


def of_tested_images(
    results: Sequence[Result],
) -> tuple[list[Result], list[str]]:
    """Leave out validations on other images than the tests are of.

    Args:
        results: The results.

    Returns:
        Those that are kept, and a line for each of the others.
    """
    tests = [result for result in results if result.kind == TEST]
    kept, notes = [], []
    for result in results:
        reason = ''
        if tests and result.kind != TEST:
            reason = _other_images(tests[0], result)
        if reason:
            notes.append(
                f'{result.training}: no test, and its validations are on '
                f'other images than {tests[0].file} ({reason}): left out'
            )
        else:
            kept.append(result)
    return kept, notes


def check_images(results: Sequence[Result]) -> None:
    """Refuse results of different images, which cannot be compared.

    Args:
        results: The results; those of which nothing is known pass.

    Raises:
        ValueError: Two are of other images, or of other labels; names them.
    """
    for i, result in enumerate(results):
        for other in results[:i]:
            reason = _other_images(other, result)
            if reason:
                raise UserValueError(
                    f'{other.file} and {result.file} are of different test '
                    f'sets ({reason}): compare those of one test set at a '
                    'time'
                )


def _other_images(first: Result, second: Result) -> str:
    noted = bool(first.data and second.data)
    if noted and first.data != second.data:
        return f'{first.data} and {second.data}'
    pair = first.confusion, second.confusion
    if pair[0] is not None and pair[1] is not None:
        counts = [confusion.sum(1) for confusion in pair]
        # of other classes: that is said of those
        if len(counts[0]) == len(counts[1]) and not np.array_equal(*counts):
            return 'labelled pixels of the classes differ'
        return ''
    if noted:
        return ''
    images = images_of(first), images_of(second)
    if not all(images):
        return ''
    changes = changed_settings(*images, evaluation=True)
    return '; '.join(str(c) for c in changes if not _may_be_moved(c))


def _may_be_moved(change: Change) -> bool:
    """Whether a folder may be the same set at another place.

    Folders of one name are taken for one; nothing else is known of them.
    """
    if not change.is_place and not change.key.endswith('.data_root'):
        return False
    names = {
        str(v).rstrip('/').rpartition('/')[2] for v in (change.old, change.new)
    }
    return len(names) == 1
