"""``mmseg-balance figure pseudo-labels``."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from ...errors import UserValueError
from .names import different_names
from .options import (
    add_classes,
    add_page,
    check_work_dir,
    chosen,
    run_on_files,
    write,
)

FILES = (
    'pseudo_labels.png',
    'pseudo_labels.csv',
    'pseudo_labels_source.csv',
)
DESCRIPTION = """\
Draw how often the teacher gave each class to a target pixel, over the
training (Fig. 2b of the BLDA paper).

From the scalars that ClassScalarsHook wrote down. Marks on the left are the
shares of the classes in the labels of the source, as the training drew them.
"""
EXAMPLE = """\
examples:
  mmseg-balance figure pseudo-labels work_dirs/my_dacs
  mmseg-balance figure pseudo-labels work_dirs/my_dacs work_dirs/my_blda \\
      --width text --classes rider bicycle
"""
SHARE, SOURCE = 'pseudo.share/', 'label.share/'


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        'work_dirs',
        nargs='+',
        type=Path,
        metavar='WORK_DIR',
        help='folder of a training; several are drawn side by side',
    )
    parser.add_argument(
        '--names',
        nargs='+',
        metavar='NAME',
        help='names of the trainings; by default those of their folders',
    )
    add_classes(
        parser, 'all; of more than 8 those with the most and fewest pixels'
    )
    add_page(parser, FILES, 'WORK_DIR/figures, of the first')


def run(args: Namespace) -> None:
    """Draw, and say what is wrong in one line."""
    run_on_files(args, args.work_dirs[0], lambda: draw_and_write(args))


def draw_and_write(args: Namespace) -> None:
    """Read the scalars, draw, and write."""
    import numpy as np

    from ...runs.out_files import check_out, make_folder
    from ...visualization.paper_figures.pseudo_labels import (
        LabelShares,
        draw_pseudo_labels,
    )

    check_out(args.out, FILES, args.overwrite)
    for folder in args.work_dirs:
        check_work_dir(folder)
    names = args.names or [folder.resolve().name for folder in args.work_dirs]
    names = different_names(names, len(args.work_dirs), 'WORK_DIR')
    lines = [read_shares(folder, SHARE) for folder in args.work_dirs]
    classes = list(dict.fromkeys(c for of in lines[0].values() for c in of))
    trainings = []
    for folder, name, of in zip(args.work_dirs, names, lines, strict=True):
        other = sorted({c for line in of.values() for c in line} ^ {*classes})
        if other:
            raise UserValueError(
                f'{names[0]} and {name} are of other classes: '
                f'{", ".join(other)}'
            )
        table = [
            [line.get(c, np.nan) for c in classes] for line in of.values()
        ]
        trainings.append(
            LabelShares(
                name,
                np.array(list(of)),
                np.array(table),
                source_means(folder, classes),
            )
        )
    numbers = chosen(args, classes)
    drawn = draw_pseudo_labels(trainings, classes, numbers, args.width)
    make_folder(args.out)
    write(args, drawn.files('pseudo_labels'), FILES)


def read_shares(
    work_dir: Path, prefix: str, required: bool = True
) -> dict[int, dict[str, float]]:
    """Scalars of the classes, by iteration.

    Args:
        work_dir: Folder of a training.
        prefix: Name of the scalar, with the slash.
        required: Whether there must be some.

    Raises:
        ValueError: There are none; says which hook logs them.
    """
    from ...runs.comparison.trainings import Training

    found: dict[int, dict[str, float]] = {}
    for line in Training(work_dir).lines:
        values: dict[str, Any] = {
            key.removeprefix(prefix): value
            for key, value in line.items()
            if key.startswith(prefix)
        }
        if values:
            found[line['step']] = values
    if required and not found:
        raise UserValueError(
            f'{work_dir} has logged no {prefix}CLASS: train with '
            "dict(type='ClassScalarsHook') in custom_hooks"
        )
    return found


def source_means(work_dir: Path, classes: list[str]) -> Any:
    """Mean share of each class in the labels of the source; or None."""
    import numpy as np

    lines = read_shares(work_dir, SOURCE, required=False).values()
    if not lines:
        return None
    return np.array(
        [[line.get(c, 0.0) for c in classes] for line in lines]
    ).mean(0)
