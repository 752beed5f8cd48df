"""Predictions as pictures."""

from collections.abc import Sequence
from pathlib import Path, PurePath

import numpy as np

from ...datasets.files.label_images import read_label, write_png
from ...errors import UserValueError
from ...visualization.figures import colour_labels
from ...visualization.panoptic.names import write_names
from ...visualization.panoptic.segments import paint_segments
from .panoptic_files import PANOPTIC, PanopticFiles

LABELS, OVERLAYS, CONFIDENCES = 'labels', 'overlays', 'confidences'
SORTED = 'sorted'
FOLDERS = (LABELS, OVERLAYS, CONFIDENCES, PANOPTIC, SORTED)


def result_folders(folder: Path) -> list[Path]:
    """Where a folder of results has files, so that none is an input."""
    return [folder / kind for kind in FOLDERS]


class ResultFiles:
    """The files of each image in a folder of results.

    Args:
        folder: The folder.
        ids: Value of each class in label files, (C,).
        palette: RGB of each class.
        opacity: Of the colours over the image; None: no such pictures.
        confidence_bits: 8 or 16 of a pixel; None: no confidences.
        panoptic: Files of segments; None of a semantic model.
        classes: Names of the classes, written on things.

    Attributes:
        kinds (list[str]): Sub-folders of what is written.
    """

    def __init__(
        self,
        folder: Path,
        ids: np.ndarray,
        palette: Sequence[Sequence[int]],
        opacity: float | None = None,
        confidence_bits: int | None = None,
        panoptic: PanopticFiles | None = None,
        classes: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self._classes, self._panoptic = classes, panoptic
        self._ids = ids.astype(np.uint8 if ids.max() < 256 else np.uint16)
        self._palette = palette
        self._opacity = opacity
        self._bits = confidence_bits
        self.kinds = [LABELS]
        if opacity is not None:
            self.kinds.append(OVERLAYS)
        if confidence_bits is not None:
            self.kinds.append(CONFIDENCES)
        if panoptic is not None:
            self.kinds.append(PANOPTIC)

    def is_there(self, name: PurePath) -> bool:
        """Whether all files of an image are there."""
        return all((self.folder / k / name).is_file() for k in self.kinds)

    def write(
        self,
        name: PurePath,
        labels: np.ndarray,
        confidence: np.ndarray | None,
        image: np.ndarray | None,
        segments: np.ndarray | None = None,
    ) -> None:
        """Write the files of an image, its label file last.

        Args:
            name: Relative path of each.
            labels: Classes (H, W).
            confidence: Of each pixel (H, W), 0 to 1, where it is written.
            image: BGR (H, W, 3) in uint8, where it is painted on.
            segments: Ids of segments (H, W), where there are such.
        """
        if self._opacity is not None:
            painted = paint(
                image,
                labels,
                self._palette,
                self._opacity,
                segments,
                self._classes,
            )
            write_png(self.folder / OVERLAYS / name, painted)
        if self._panoptic is not None:
            self._panoptic.write(name, segments)
        if self._bits is not None:
            grey = quantize(confidence, self._bits)
            write_png(self.folder / CONFIDENCES / name, grey)
        write_png(self.folder / LABELS / name, self._ids[labels])

    def read_labels(self, name: PurePath) -> np.ndarray:
        """Read classes back from a label file.

        Args:
            name: Its relative path.

        Returns:
            Classes (H, W).

        Raises:
            OSError, ValueError: The file is no label file; names it.
        """
        path = self.folder / LABELS / name
        values = read_label(path)
        order = np.argsort(self._ids)
        ids = self._ids[order]
        places = np.searchsorted(ids, values).clip(max=len(ids) - 1)
        if (ids[places] != values).any():
            raise UserValueError(
                f'{path} has values that are no class: remove it, and it is '
                'predicted anew'
            )
        return order[places]


def paint(
    image: np.ndarray,
    labels: np.ndarray,
    palette: Sequence[Sequence[int]],
    opacity: float = 0.5,
    segments: np.ndarray | None = None,
    classes: Sequence[str] = (),
) -> np.ndarray:
    """Lay the colours of the classes, or of segments, over an image.

    Args:
        image: BGR (H, W, 3) in uint8.
        labels: Classes (H, W).
        palette: RGB of each class.
        opacity: Weight of the colours, 0 to 1.
        segments: Ids of segments (H, W): things are outlined and have their
            name and number.
        classes: Names of the classes.

    Returns:
        RGB (H, W, 3) in uint8.
    """
    if segments is not None:
        rgb = image[..., ::-1]
        painted = paint_segments(rgb, segments, palette, opacity)
        return write_names(painted, segments, classes)
    colours = colour_labels(labels, palette).astype(np.float32)
    mixed = opacity * colours + (1 - opacity) * image[..., ::-1]
    return mixed.round().astype(np.uint8)


def quantize(confidence: np.ndarray, bits: int) -> np.ndarray:
    """Confidences as whole numbers.

    Args:
        confidence: Values from 0 to 1.
        bits: 8: 255 stands for 1; 16: 65535 does.

    Returns:
        uint8 or uint16 of the same shape.
    """
    kind = np.uint8 if bits == 8 else np.uint16
    top = np.iinfo(kind).max
    return (confidence * np.float64(top)).round().clip(0, top).astype(kind)
