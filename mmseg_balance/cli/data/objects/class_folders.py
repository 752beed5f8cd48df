"""``mmseg-balance data class-folders``."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ...exits import clear_exit
from ...options import add_nproc

if TYPE_CHECKING:
    from ....datasets.classification.own_folders import OwnList

DESCRIPTION = """\
Check images of your own that lie in a folder for each class, and list them.

One folder for each domain, with the same classes:

    data/own/drawings/cat/1.png      data/own/photos/cat/a.jpg
    data/own/drawings/dog/2.png      data/own/photos/dog/b.jpg

Each image is looked at; classes that only one of them has, classes without
images and files that are no whole images are named. Lists (a path and the id
of its class a line) and the names of the classes are written into image_list
beside the folders. Printed is what a config says to take them.
"""
EXAMPLE = """\
example:
  mmseg-balance data class-folders data/own/drawings data/own/photos \\
      --val-share 0.2
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        'folders',
        type=Path,
        nargs='+',
        metavar='FOLDER',
        help='folder of the class folders of a domain',
    )
    parser.add_argument(
        '--val-share',
        type=float,
        default=0.0,
        help='share of the images of each class, the last by their names, '
        'that is listed by itself for evaluations (default: %(default)s)',
    )
    parser.add_argument(
        '--skip',
        nargs='+',
        default=[],
        metavar='NAME',
        help='folders within that are no class',
    )
    add_nproc(parser)


def run(args: Namespace) -> None:
    """Check, list and print."""
    from ....datasets.classification.own_folders import list_class_folders

    with clear_exit():
        classes, lists = list_class_folders(
            args.folders, args.val_share, args.skip, args.nproc
        )
    names = [one.path.stem for one in lists]
    width = max(map(len, ('class', *classes)))
    print(f'{"class":{width}}  {"  ".join(names)}')
    for c, name in enumerate(classes):
        numbers = (
            f'{one.counts[c]:{len(title)}}'
            for title, one in zip(names, lists, strict=True)
        )
        print(f'{name:{width}}  {"  ".join(numbers)}')
    print(f'\nA data set of a config, here of {lists[0].path}:')
    print(config_text(classes, lists[0]))


def config_text(classes: list[str], one: 'OwnList') -> str:
    """What a config says to take a list.

    Args:
        classes: Names of the classes.
        one: The list.
    """
    folder = one.path.parent
    return (
        "dict(\n    type='ImageListDataset',\n"
        f'    data_root={str(folder.parent)!r},\n'
        f'    ann_file={f"{folder.name}/{one.path.name}"!r},\n'
        f'    metainfo=dict(classes={tuple(classes)!r}),\n'
        '    pipeline=...)'
    )
