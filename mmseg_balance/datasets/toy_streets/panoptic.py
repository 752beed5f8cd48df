"""Panoptic annotations of toy streets: each thing is a segment."""

from collections.abc import Sequence

import numpy as np

from ...files.mapping import map_files
from ..conversion.panoptic.annotation_files import (
    Annotation,
    read_ids,
    write_annotations,
)
from ..conversion.panoptic.cityscapes_segments import (
    CITYSCAPES_IDS,
    describe,
    number_things,
)
from .layouts import Job
from .render import Painting


def segment_ids(painting: Painting) -> np.ndarray:
    """Ids of the segments that are seen.

    A car is a segment, whatever hides parts of it; a rider is one and what is
    ridden another.

    Args:
        painting: Of :func:`render.render`.

    Returns:
        int32 (H, W), numbered as Cityscapes does.
    """
    labels = np.array(CITYSCAPES_IDS)[painting.label]
    return number_things(labels, painting.objects)


def write_segment_lists(jobs: Sequence[Job], nproc: int = 1) -> None:
    """Write what lists the segments of the images.

    Args:
        jobs: The images of one split of a domain, whose segments are drawn.
        nproc: Number of processes.
    """
    annotations = map_files(_annotate, jobs, nproc, 'list segments')
    write_annotations(jobs[0].segment_list, annotations)


def _annotate(job: Job) -> Annotation:
    ids = read_ids(job.segments.path)
    height, width = ids.shape
    return Annotation(
        job.image.path.stem.removesuffix('_leftImg8bit'),
        job.image.name,
        job.segments.name,
        (width, height),
        describe(ids),
    )
