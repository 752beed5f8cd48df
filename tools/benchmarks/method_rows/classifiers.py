"""Rows of the tables of classifiers: toy objects, and digits."""

from .group import Group, Row

METHODS = {
    'source-only': 'Source only',
    'mcc': 'MCC',
    'cdan': 'CDAN',
    'sdat': 'SDAT',
    'mic': 'MIC',
}


def rows(data: str) -> dict[str, Row]:
    """Each method, and each with BLDA."""
    return {
        f'{method}{suffix}': Row(
            f'{name}{more}',
            f'classification/{method}{suffix}_lite0_500_{data}.py',
        )
        for method, name in METHODS.items()
        for suffix, more in (('', ''), ('_blda', ' + BLDA'))
    }


def group(folder: str, data: str) -> Group:
    """The table of a data set."""
    return Group(
        rows(data),
        f'classification/{folder}',
        parts=('student',),
        columns=('mAcc', 'Acc_std', '|Bias|', 'aAcc'),
        # depthwise convolutions of images as small as these
        arguments=('--channels-last',),
    )


GROUPS = {
    'toy-objects': group('toy_objects', 'toy-objects-64x64'),
    'digits': group('digits', 'digits-32x32'),
}
