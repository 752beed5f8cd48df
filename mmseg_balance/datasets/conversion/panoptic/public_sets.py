"""Panoptic annotations of SYNTHIA and Cityscapes, in folders of one layout."""

from pathlib import Path
from typing import NamedTuple

from ....errors import UserFileNotFoundError
from ..cityscapes_splits import DOWNLOAD, splits_of
from .annotation_files import Annotation, write_annotations
from .convert_segments import SegmentScheme, convert_segments
from .original_segments import cityscapes_segments, synthia_segments

SYNTHIA = SegmentScheme(synthia_segments, suffix='.png', image_suffix='.png')


class PanopticSet(NamedTuple):
    """What was written of a set of images.

    Attributes:
        list_file: The JSON file, relative to where files are written.
        png_dir: Folder of the PNG images, likewise.
        image_dir: Folder of the images, relative to the data set.
        annotations: The segments of each image.
    """

    list_file: str
    png_dir: str
    image_dir: str
    annotations: list[Annotation]


def write_synthia_panoptic(
    data_root: Path,
    label_dir: str = 'GT/LABELS',
    image_dir: str = 'RGB',
    out_dir: Path | None = None,
    nproc: int = 1,
) -> PanopticSet:
    """Write the segments of SYNTHIA-RAND-CITYSCAPES.

    Args:
        data_root: Folder of the data set.
        label_dir: Folder of the original labels in it; the folder of PNG
            images beside it is ``panoptic``, and the list ``panoptic.json``.
        image_dir: Folder of the images in it.
        out_dir: Where they are written, in the layout of the data set; by
            default the data set itself.
        nproc: Number of processes.

    Returns:
        What was written.

    Raises:
        FileNotFoundError, OSError, ValueError: See
            :func:`convert_segments.convert_segments`.
    """
    png_dir = Path(label_dir).with_name('panoptic')
    out = out_dir or data_root
    annotations = convert_segments(
        SYNTHIA,
        data_root / label_dir,
        data_root / image_dir,
        out / png_dir,
        nproc,
    )
    list_file = png_dir.with_suffix('.json')
    write_annotations(out / list_file, annotations)
    return PanopticSet(
        list_file.as_posix(), png_dir.as_posix(), image_dir, annotations
    )


def write_cityscapes_panoptic(
    data_root: Path,
    label_dir: str = 'gtFine',
    image_dir: str = 'leftImg8bit',
    out_dir: Path | None = None,
    nproc: int = 1,
) -> list[PanopticSet]:
    """Write the segments of each split of Cityscapes.

    Args:
        data_root: Folder of the data set.
        label_dir: Folder of the labels in it. ``gtFine_panoptic`` beside it
            gets the PNG images, ``<split>/<city>/*_panoptic.png``, and the
            lists: ``cityscapes_panoptic_<split>_trainId.json`` has train ids
            for categories, ``cityscapes_panoptic_<split>.json`` Cityscapes'
            own, as cityscapesScripts writes them.
        image_dir: Folder of the images in it.
        out_dir: Where they are written, in the layout of the data set; by
            default the data set itself.
        nproc: Number of processes.

    Returns:
        What was written of train, of val and, where it is there, of
        train_extra.

    Raises:
        FileNotFoundError: A split is missing; says where it comes from.
        OSError, ValueError: See :func:`convert_segments.convert_segments`.
    """
    scheme = SegmentScheme(
        cityscapes_segments,
        suffix='_instanceIds.png',
        image_suffix='_leftImg8bit.png',
        tag=f'_{Path(label_dir).name}',
    )
    png_dir = Path(f'{label_dir}_panoptic')
    out = out_dir or data_root
    written = []
    for split in splits_of(data_root / label_dir):
        try:
            annotations = convert_segments(
                scheme,
                data_root / label_dir / split,
                data_root / image_dir / split,
                out / png_dir / split,
                nproc,
            )
        except FileNotFoundError as error:
            raise UserFileNotFoundError(
                f'{error}; {DOWNLOAD} {data_root}'
            ) from None
        name = png_dir / f'cityscapes_panoptic_{split}'
        write_annotations(out / f'{name}_trainId.json', annotations)
        write_annotations(out / f'{name}.json', annotations, train_ids=False)
        written.append(
            PanopticSet(
                f'{name.as_posix()}_trainId.json',
                (png_dir / split).as_posix(),
                f'{image_dir}/{split}',
                annotations,
            )
        )
    return written
