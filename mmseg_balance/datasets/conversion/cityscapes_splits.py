"""The label files of Cityscapes (Cordts et al., 2016), split by split."""

from pathlib import Path

from ...errors import UserFileNotFoundError
from .label_conversion import Conversion, convert_folder
from .label_scheme import cityscapes_scheme

REQUIRED = ('train', 'val')
OPTIONAL = ('train_extra',)
DOWNLOAD = (
    'unpack gtFine_trainvaltest.zip from '
    'https://www.cityscapes-dataset.com/downloads/ in'
)


def splits_of(label_dir: Path) -> list[str]:
    """The splits to convert: train, val and, where it is there, train_extra.

    Args:
        label_dir: Folder of their labels.
    """
    return [*REQUIRED, *(s for s in OPTIONAL if (label_dir / s).is_dir())]


def convert_cityscapes(
    data_root: Path,
    label_dir: str = 'gtFine',
    image_dir: str = 'leftImg8bit',
    out_dir: Path | None = None,
    nproc: int = 1,
) -> list[Conversion]:
    """Write the train ids of each split.

    Args:
        data_root: Folder of the data set.
        label_dir: Folder of the labels in it, ``gtCoarse`` for one.
        image_dir: Folder of the images in it.
        out_dir: Where labels are written; by default beside the originals.
        nproc: Number of processes.

    Returns:
        What was found in train, in val and, where it is there, in
        train_extra.

    Raises:
        FileNotFoundError: A split is missing; says where it comes from.
        ValueError: Labels are not those of Cityscapes.
    """
    scheme = cityscapes_scheme(
        suffix='_labelIds.png',
        tag=f'_{Path(label_dir).name}',
        image_suffix='_leftImg8bit.png',
    )
    converted = []
    for split in splits_of(data_root / label_dir):
        try:
            conversion = convert_folder(
                scheme,
                data_root,
                f'{label_dir}/{split}',
                f'{image_dir}/{split}',
                out_dir,
                nproc,
            )
        except FileNotFoundError as error:
            raise UserFileNotFoundError(
                f'{error}; {DOWNLOAD} {data_root}'
            ) from None
        converted.append(conversion)
    return converted
