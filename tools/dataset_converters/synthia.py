"""Write the train ids and class statistics of SYNTHIA-RAND-CITYSCAPES.

Input (Ros et al., 2016; https://synthia-dataset.net):

    DATA/RGB/0000000.png
    DATA/GT/LABELS/0000000.png     16 bit, class id in the first channel

Output, beside it or in ``--out-dir``:

    DATA/GT/LABELS/0000000_labelTrainIds.png
    DATA/sample_class_stats.json, sample_class_stats_dict.json,
        samples_with_class.json
    DATA/conversion_notes.json     images that are black or white alone, ...

The train ids are Cityscapes' 19; terrain, truck and train have no pixels.

Usage: python tools/dataset_converters/synthia.py data/synthia --nproc 8
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmseg_balance.datasets.conversion.converter_cli import (
    clear_exit,
    conversion_parser,
    finish_conversion,
)
from mmseg_balance.datasets.conversion.label_conversion import convert_folder
from mmseg_balance.datasets.conversion.label_scheme import LabelScheme


def read_synthia_ids(path: Path) -> np.ndarray:
    """Read the class ids of a SYNTHIA label file.

    Args:
        path: 16-bit PNG with 2 channels (class, instance) or 3 (class,
            instance, nothing).

    Returns:
        uint16 class ids (H, W).

    Raises:
        OSError: The file is missing or cannot be decoded.
        ValueError: The image is of another kind.
    """
    # Pillow cuts 16-bit colour images down to 8 bits, so it only checks the
    # file; OpenCV may return half an image for half a file
    try:
        with Image.open(path) as image:
            image.verify()
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError) as error:
        raise OSError(f'{path}: cannot be decoded ({error})') from error
    label = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if label is None:
        raise OSError(f'{path}: cannot be decoded')
    if label.ndim != 3 or label.dtype != np.uint16:
        raise ValueError(
            f'{path}: expected a 16-bit image of 2 or 3 channels (GT/LABELS '
            f'of SYNTHIA-RAND-CITYSCAPES), found {label.dtype} of shape '
            f'{label.shape}; Pillow and imageio keep 8 bits of these files, '
            'and with them no class ids: take the file as downloaded'
        )
    # OpenCV gives 3 channels as B, G, R and 2 as grey, grey, grey, alpha
    return label[..., 2]


# 16, 18 and 20 do not occur in the data set; void, parking slot, road work
# and lane marking have no train id
SYNTHIA_LABELS = LabelScheme(
    train_ids={
        3: 0, 4: 1, 2: 2, 21: 3, 5: 4, 7: 5, 15: 6, 9: 7, 6: 8, 16: 9,
        1: 10, 10: 11, 17: 12, 8: 13, 18: 14, 19: 15, 20: 16, 12: 17, 11: 18,
    },
    ignored_ids=(0, 13, 14, 22),
    read=read_synthia_ids,
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    """Convert the data set that the command line names."""
    args = conversion_parser(
        __doc__.splitlines()[0], 'GT/LABELS', 'RGB'
    ).parse_args(argv)
    with clear_exit():
        conversion = convert_folder(
            SYNTHIA_LABELS,
            args.data_root,
            args.label_dir,
            args.image_dir,
            args.out_dir,
            args.nproc,
        )
        finish_conversion(args, conversion)


if __name__ == '__main__':
    main()
