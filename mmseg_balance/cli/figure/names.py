"""Names by which pictures and tables tell models apart."""

from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path

from ...errors import UserValueError


def model_names(args: Namespace) -> list[str]:
    """Names of the models, the baseline first.

    Args:
        args: Of the command line.

    Returns:
        Those of ``--names``. Default: of the config files; of one config
        those of the checkpoints, or of their folders.

    Raises:
        ValueError: Another number of names than of models is given, two are
            the same, or the models are.
    """
    baseline = getattr(args, 'baseline', None)
    models = [baseline] if baseline else []
    models.append((args.config, args.checkpoint))
    if getattr(args, 'names', None):
        what = 'model, the baseline first'
        return different_names(args.names, len(models), what)
    configs, checkpoints = (
        [Path(path) for path in paths] for paths in zip(*models, strict=True)
    )
    # of configs, network, schedule and data are at the end; seeds of folders
    # are
    for names, ends in (
        ([path.stem for path in configs], [-1]),
        ([path.stem for path in checkpoints], []),
        ([path.resolve().parent.name for path in checkpoints], [-1, 0]),
    ):
        if len({*names}) == len(models):
            return _shortened(names, ends)
    raise UserValueError(
        f'the baseline and the model are both {args.checkpoint}: name '
        'another with --baseline, or tell them apart with --names'
    )


def different_names(names: list[str], count: int, of: str) -> list[str]:
    """Check ``--names``: by them pictures and tables tell things apart.

    Args:
        names: The names.
        count: How many there must be.
        of: What each is of, in words.

    Raises:
        ValueError: Their number is another, or two are the same.
    """
    if len(names) != count:
        raise UserValueError(
            f'--names has {len(names)} names, expected {count}, one for each '
            f'{of}'
        )
    if len({*names}) < count:
        raise UserValueError(
            f'two names are the same ({", ".join(names)}): tell them apart '
            'with --names'
        )
    return names


def _shortened(names: list[str], ends: Iterable[int]) -> list[str]:
    """Names without the words that are alike at an end, 0 or -1."""
    parts = [name.split('_') for name in names]
    for end in ends if len(names) > 1 else ():
        while len({p[end] for p in parts}) == 1 < min(map(len, parts)):
            for part in parts:
                part.pop(end)
    return ['_'.join(part) for part in parts]
