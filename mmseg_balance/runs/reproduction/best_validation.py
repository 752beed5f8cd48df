"""The best validation of a training of a classifier, for a reader."""

from pathlib import Path

from ..comparison.trainings import Training

SHOWN = ('mAcc', 'Acc_std', 'aAcc')
CHOSEN_BY = 'aAcc'


def best_validation(work_dir: Path) -> list[str]:
    """What a number would be that is chosen on labels of the target set.

    Public code on classification reports such numbers.

    Args:
        work_dir: Folder of the training.

    Returns:
        A line; none of a segmentor, or where nothing was validated.
    """
    scored = [
        line
        for line in Training(work_dir).lines
        if all(key in line for key in SHOWN) and 'mIoU' not in line
    ]
    if not scored:
        return []
    # of equal ones the first, as there
    best = max(scored, key=lambda line: line[CHOSEN_BY])
    numbers = ', '.join(f'{key} {best[key]:.1f}' for key in SHOWN)
    return [
        f'best validation by {CHOSEN_BY}: {numbers} (iteration '
        f'{best["step"]}); chosen on labels of the target set, not used above'
    ]
