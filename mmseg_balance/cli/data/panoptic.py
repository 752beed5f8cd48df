"""``--panoptic`` of the commands that convert labels."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...datasets.conversion.panoptic.public_sets import PanopticSet


def add_panoptic(parser: ArgumentParser) -> None:
    """Add ``panoptic``."""
    parser.add_argument(
        '--panoptic',
        action='store_true',
        help='write the segments as well, for panoptic data sets',
    )


def print_panoptic(args: Namespace, written: Sequence['PanopticSet']) -> None:
    """Print what was written, and how a data set reads it.

    Args:
        args: Of ``add_conversion``.
        written: The sets; the classes of the first are counted.
    """
    from ...datasets.class_statistics.table import class_table
    from ...datasets.conversion.converted_labels import CLASSES
    from ...datasets.conversion.panoptic.annotation_files import class_pixels

    first = written[0]
    print(f'\nsegments of {first.list_file}, without crowds')
    print(class_table(class_pixels(first.annotations), CLASSES))
    root = args.out_dir or args.data_root
    is_apart = root.resolve() != args.data_root.resolve()
    print('\npanoptic data sets read')
    for part in written:
        images = part.image_dir
        if is_apart:
            images = (args.data_root / images).absolute().as_posix()
        print(
            f'  data_root={root.as_posix()!r},\n'
            f'  ann_file={part.list_file!r},  # {len(part.annotations)} '
            'images\n'
            f'  data_prefix=dict(img_path={images!r}, '
            f'seg_map_path={part.png_dir!r})'
        )
