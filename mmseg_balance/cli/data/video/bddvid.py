"""``mmseg-balance data bddvid``."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from ...exits import clear_exit
from ...options import add_nproc

DESCRIPTION = """\
Make BDDVid (Kareer et al.) of BDD100K's clips and BDD10K's images.

Input:

    CLIPS/ID.mov                        videos of BDD100K, train part
    IMAGES/ID.jpg                       BDD10K, images/10k/train
    LABELS/ID.png                       BDD10K, labels/sem_seg/masks/train
    LISTS/valid_imgs_{train,val}.txt    a line "ID_307" an image, of
        https://github.com/SimarKareer/UnifiedVideoDA
        (datasets/BDDVid/video_da/splits)

Output:

    OUT/{train,val}/images/ID_{303,...,311}.jpg       frames of the clip
    OUT/{train,val}/labels/ID_307.png                 train ids
    OUT/{train,val}_orig_10k/{images,labels}/ID_307   BDD10K's image itself
    OUT/valid_imgs_{train,val}.txt

Frame 307 is the nearest to the annotated image, not exactly that one: training
takes it from the clip, validation takes BDD10K's image, as the public code
does. Clips that are done are not decoded again.
"""
EXAMPLE = """\
example:
  mmseg-balance data bddvid bdd100k/videos/train --lists lists \\
      --images bdd100k/images/10k/train \\
      --labels bdd100k/labels/sem_seg/masks/train \\
      --out-dir data/bddvid --nproc 8
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument('clips', type=Path, help='folder of the clips')
    for name, what in (
        ('lists', 'folder of the lists'),
        ('images', "folder of BDD10K's images"),
        ('labels', "folder of BDD10K's labels, masks of train ids"),
    ):
        parser.add_argument(f'--{name}', type=Path, required=True, help=what)
    parser.add_argument(
        '--out-dir',
        type=Path,
        default=Path('data/bddvid'),
        help='folder of the data set (default: %(default)s)',
    )
    parser.add_argument(
        '--turn',
        choices=['none', 'left', 'right'],
        default='none',
        help='a quarter turn of each frame, for builds of OpenCV that do not '
        'turn clips as their files say (default: %(default)s)',
    )
    add_nproc(parser)


def run(args: Namespace) -> None:
    """Make the data set that the command line names."""
    from ....datasets.conversion.video.bddvid import (
        Originals,
        convert_bddvid,
        describe,
    )

    originals = Originals(args.clips, args.images, args.labels, args.lists)
    with clear_exit():
        names = convert_bddvid(originals, args.out_dir, args.turn, args.nproc)
        print(describe(names, args.out_dir))
