"""Checks of data sets whose labels are one an image."""

import os.path as osp
import re
from typing import TYPE_CHECKING, cast

import numpy as np
from mmengine.dataset import BaseDataset

from ...errors import UserValueError
from ..loading.class_label import UNLABELLED, LoadClassLabel, labels_images
from ..loading.split_pipeline import SplitPipeline
from ..loading.transform_kinds import is_crop, is_resize
from .labels import check_images_can_be_read

if TYPE_CHECKING:
    from ..classification.labelled_images import LabelledImages

SHOWN_CLASSES = 8


def missing_places(dataset: BaseDataset) -> list[tuple[str, str]]:
    """Files and folders of a data set that are not there.

    Args:
        dataset: Data set with a label an image, built at least lazily.

    Returns:
        Key within the data set and what is wrong, for each of them.
    """
    problems = []
    for key, path in cast('LabelledImages', dataset).places():
        if not osp.exists(path):
            kind = 'file' if key == 'ann_file' else 'folder'
            problems.append((key, f'the {kind} {path} does not exist'))
    return problems


def check_label_kind(part: SplitPipeline) -> None:
    """Refuse to load labels of pixels of images that have one each.

    Args:
        part: Data set, built at least lazily.

    Raises:
        ValueError: Its pipeline loads the other kind of labels, or resizes
            the label of an image; names the transform that it needs.
    """
    if part.annotations is None:
        return
    wanted = labels_images(part.dataset)
    if isinstance(part.annotations, LoadClassLabel) != wanted:
        kind = 'one an image' if wanted else 'one a pixel'
        raise UserValueError(
            f'{part.name}.pipeline has {type(part.annotations).__name__}, '
            f'and the labels of {type(part.dataset).__name__} are {kind}: '
            f'take it out, and put {how_to_load_labels(part.dataset)}'
        )
    if wanted:
        transforms = part.dataset.pipeline.transforms
        behind = transforms[transforms.index(part.annotations) + 1 :]
        moved = [t for t in behind if is_crop(t) or is_resize(t)]
        if moved:
            raise UserValueError(
                f'{part.name}.pipeline has {type(moved[0]).__name__} behind '
                'LoadClassLabel, which would make a map of its one label: put '
                + how_to_load_labels(part.dataset)
            )


def how_to_load_labels(dataset: BaseDataset) -> str:
    """The transform that loads labels, and where it stands, for messages.

    Args:
        dataset: Data set, built at least lazily.
    """
    if labels_images(dataset):
        return "dict(type='LoadClassLabel') right in front of the packing"
    return "dict(type='LoadAnnotations') behind the loading of the image"


def check_image_labels(part: SplitPipeline) -> None:
    """Refuse images that cannot be read, and labels that are not right.

    Args:
        part: Fully initialised data set with a label an image.

    Raises:
        OSError: An image cannot be decoded; names it.
        ValueError: See :func:`check_labels_of_images`.
    """
    check_labels_of_images(part)
    if not part.skips_bad:
        check_images_can_be_read(part)


def check_labels_of_images(part: SplitPipeline) -> None:
    """Refuse images without a class, and classes without an image.

    Nothing is refused where labels are not read. What a target shows of the
    classes is not known to a training.

    Args:
        part: Fully initialised data set with a label an image.

    Raises:
        ValueError: Images have no class, ids stand for none, or a class has
            no image; names them.
    """
    if part.annotations is None:
        return
    dataset = cast('LabelledImages', part.dataset)
    labels = dataset.labels()
    _refuse_unnamed(part, labels)
    is_target = 'target' in re.split(r'[.\[]', part.name)
    if not is_target:
        _refuse_unlabelled(part, labels)
    if not (dataset.lacks_classes or is_target):
        _refuse_absent_classes(part, labels)


def _refuse_unnamed(part: SplitPipeline, labels: np.ndarray) -> None:
    num_classes = part.labels.num_classes
    wrong = np.flatnonzero((labels >= num_classes) & (labels != UNLABELLED))
    if len(wrong):
        info = part.dataset.get_data_info(int(wrong[0]))
        raise UserValueError(
            f'{part.name}: {info["img_path"]} has the id {info["label"]}, '
            f'which label_classes names no class of ({len(wrong)} of '
            f'{len(labels)} images are such): name it there, or None to '
            'leave its images out'
        )


def _refuse_unlabelled(part: SplitPipeline, labels: np.ndarray) -> None:
    without = np.flatnonzero(labels == UNLABELLED)
    if len(without):
        info = part.dataset.get_data_info(int(without[0]))
        raise UserValueError(
            f'{part.name}: {len(without)} of {len(labels)} images have no '
            f'class, {info["img_path"]} for one: give the list an id a line, '
            'or take LoadClassLabel out of the pipeline where labels are not '
            'needed'
        )


def _refuse_absent_classes(part: SplitPipeline, labels: np.ndarray) -> None:
    classes = part.dataset.metainfo.get('classes') or ()
    absent = [c for i, c in enumerate(classes) if not (labels == i).any()]
    if absent:
        more = ', ...' if len(absent) > SHOWN_CLASSES else ''
        shown = ', '.join(map(repr, absent[:SHOWN_CLASSES])) + more
        raise UserValueError(
            f'{part.name}: {len(absent)} of {len(classes)} classes have no '
            f'image in {_place(part.dataset)}: {shown}. Their accuracy would '
            'be that of nothing: add images, take the classes out of '
            'metainfo.classes (of all data sets), or set lacks_classes=True '
            'where that is known'
        )


def _place(dataset: BaseDataset) -> str:
    return str(
        dataset.ann_file or cast('LabelledImages', dataset).places()[0][1]
    )
