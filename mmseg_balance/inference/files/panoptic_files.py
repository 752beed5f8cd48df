"""Predicted segments as files, in COCO's panoptic format."""

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from ...datasets.files.label_images import decode, write_png
from ...errors import UserValueError
from ...files.writing import write_atomically
from ...panoptic.coco import category_entries, panoptic_json, segments_info
from ...panoptic.ids import (
    FILE_VOID,
    LABEL_DIVISOR,
    VOID_ID,
    file_colours,
    file_ids,
)

PANOPTIC, LIST = 'panoptic', 'panoptic.json'


class PanopticFiles:
    """PNG files of segments in a folder of results, and the list of these.

    In the files, segment k of class c has the id (c + 1) * 1000 + k, k from 1
    for things and 0 for stuff: 0 is void, so that the stuff of class 0 is
    none. ``category_id`` is the class. ``PanopticDataset`` reads them.

    Args:
        folder: The folder of results; these are in a folder of it.
        classes: Names of the classes.
        palette: RGB of each.
        things: Names of the classes of things.
    """

    def __init__(
        self,
        folder: Path,
        classes: Sequence[str],
        palette: Sequence[Sequence[int]],
        things: Sequence[str],
    ) -> None:
        self.folder = folder / PANOPTIC
        self._num_classes = len(classes)
        self._categories = category_entries(
            range(len(classes)), classes, palette, things
        )
        self._images: dict[str, dict[str, Any]] = {}
        self._annotations: dict[str, dict[str, Any]] = {}

    def write(self, name: PurePath, ids: np.ndarray) -> None:
        """Write the segments of an image, and list them.

        Args:
            name: Relative path of the PNG.
            ids: Predicted segments (H, W), class * 1000 + number.
        """
        written = np.where(ids == VOID_ID, FILE_VOID, ids + LABEL_DIVISOR)
        write_png(self.folder / name, file_colours(written), is_label=True)
        self._add(name, written)

    def keep(self, name: PurePath) -> None:
        """List the segments of an image whose file is there.

        Args:
            name: Relative path of the PNG.

        Raises:
            OSError, ValueError: It is no such file; names it.
        """
        path = self.folder / name
        mode, colours, _ = decode(path)
        ids = file_ids(colours) if mode == 'RGB' else np.full((1, 1), -1)
        labels = np.unique(ids[ids != FILE_VOID]) // LABEL_DIVISOR - 1
        if ((labels < 0) | (labels >= self._num_classes)).any():
            raise UserValueError(
                f'{path} has segments that are of no class: remove it, and '
                'it is predicted anew'
            )
        self._add(name, ids)

    def write_list(self, suffixes: dict[str, str]) -> None:
        """Write the JSON file of all images so far.

        Args:
            suffixes: That of each image's own file, by the name of its PNG.
        """
        images = []
        # a resumed run comes to them in another order
        for name, image in sorted(self._images.items()):
            stem, suffix = name.removesuffix('.png'), suffixes.get(name)
            file = stem if not suffix or stem.endswith(suffix) else None
            images.append(image | dict(file_name=file or f'{stem}{suffix}'))
        annotations = [one for _, one in sorted(self._annotations.items())]
        text = panoptic_json(images, annotations, self._categories)
        write_atomically(self.folder / LIST, text)

    def _add(self, name: PurePath, ids: np.ndarray) -> None:
        key = name.as_posix()
        image_id = name.with_suffix('').as_posix()
        found = np.flatnonzero(np.bincount(ids.ravel())).tolist()
        height, width = ids.shape
        self._images[key] = dict(id=image_id, width=width, height=height)
        self._annotations[key] = dict(
            image_id=image_id,
            file_name=key,
            segments_info=segments_info(
                ids, {i: i // LABEL_DIVISOR - 1 for i in found}
            ),
        )
