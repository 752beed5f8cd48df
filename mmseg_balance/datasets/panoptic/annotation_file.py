"""The JSON file of a panoptic data set, in COCO's panoptic format."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from mmengine import fileio

from ...errors import UserFileNotFoundError, UserOSError, UserValueError
from ...panoptic.segments import Segment
from ..files.image_suffixes import BYTE_ORDER_MARK
from .categories import Categories

EXPECTED = (
    'expected a COCO panoptic file: images, annotations of (image_id, '
    'file_name, segments_info) and categories, as the panoptic commands of '
    'mmseg-balance data write it'
)
SHOWN_CHARACTERS = 80


class Annotation(NamedTuple):
    """What a file says of one image.

    Attributes:
        image_id: Its id, as text.
        image: Its name, where the file has one.
        label: Name of its PNG; None where it has none.
        segments: Its segments, in the order of the file; None without label.
        ignored: Ids of segments whose category is ignored.
    """

    image_id: str
    image: str | None
    label: str | None = None
    segments: list[Segment] | None = None
    ignored: tuple[int, ...] = ()


class PanopticFile:
    """A file, read as JSON and no further.

    Args:
        path: The file.
        backend_args: File backend of mmengine.

    Attributes:
        path (str): The file.
        categories: Its ``categories``, None where it has none.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no JSON, or has neither annotations nor images.
    """

    def __init__(self, path: str, backend_args: dict | None = None) -> None:
        self.path = path
        content = _load(path, backend_args)
        self.categories = content.get('categories')
        self._annotations = content.get('annotations') or []
        self._images = {
            self._value(image, 'id'): self._file_name(image)
            for image in content.get('images') or []
        }
        if not (self._annotations or self._images):
            raise UserValueError(
                f'{path} (ann_file) has no annotations, {EXPECTED}'
            )

    @property
    def lists_labels(self) -> bool:
        """False where the file names images and nothing of them."""
        return bool(self._annotations)

    @property
    def unlabelled(self) -> list[Any]:
        """Ids of the images that no annotation is of."""
        labelled = {self._value(a, 'image_id') for a in self._annotations}
        return [i for i in self._images if i not in labelled]

    def read(self, categories: Categories | None) -> list[Annotation]:
        """Its annotations, in its order; its images, where it has none.

        Args:
            categories: What segments are of; None leaves segments out.

        Raises:
            ValueError: An annotation has no ``segments_info``, two segments
                of an image have one id, or a category is no class.
        """
        if not self.lists_labels:
            return [
                Annotation(str(i), name) for i, name in self._images.items()
            ]
        return [self._read(entry, categories) for entry in self._annotations]

    def _read(self, entry: Any, categories: Categories | None) -> Annotation:
        image_id = self._value(entry, 'image_id')
        name = self._file_name(entry) or f'{image_id}.png'
        found = Annotation(str(image_id), self._images.get(image_id), name)
        if categories is None:
            return found
        segments, ignored = self._segments(entry, name, categories)
        return found._replace(segments=segments, ignored=ignored)

    def _segments(
        self, entry: dict, name: str, categories: Categories
    ) -> tuple[list[Segment], tuple[int, ...]]:
        """Segments of an image, and ids of those that are ignored."""
        listed = entry.get('segments_info')
        if not isinstance(listed, list):
            kind = 'segmentation' in entry or 'bbox' in entry
            raise UserValueError(
                f'{self.path}: the annotation of {name} has no segments_info '
                f'(it has {", ".join(map(str, entry))}), {EXPECTED}'
                + ('; this one is of instances' if kind else '')
            )
        self._check_ids(listed, name)
        segments, ignored = [], []
        for entry in listed:
            category = self._value(entry, 'category_id', name)
            label = categories.find(category, name)
            if label is None:
                ignored.append(entry['id'])
                continue
            segment = Segment(
                id=entry['id'],
                label=label,
                isthing=label in categories.things,
                iscrowd=bool(entry.get('iscrowd')),
            )
            segment |= {k: entry[k] for k in ('area', 'bbox') if k in entry}
            self._check_area(segment, name)
            segments.append(segment)
        return segments, tuple(ignored)

    def _check_ids(self, listed: Sequence[Any], name: str) -> None:
        seen = set()
        for entry in listed:
            number = self._value(entry, 'id', name)
            if not isinstance(number, int) or not 0 < number < 1 << 24:
                raise UserValueError(
                    f'{self.path}: a segment of {name} has the id {number!r}, '
                    'expected a whole number from 1 (0, black, is no segment) '
                    f'to {(1 << 24) - 1}, which the colour of a pixel holds'
                )
            if number in seen:
                raise UserValueError(
                    f'{self.path}: two segments of {name} have the id '
                    f'{number}, expected one of its own for each'
                )
            seen.add(number)

    def _check_area(self, segment: Segment, name: str) -> None:
        area = segment.get('area', 0)
        if not isinstance(area, int | float) or not 0 <= area < 1 << 63:
            raise UserValueError(
                f'{self.path}: segment {segment["id"]} of {name} has the area '
                f'{area!r}, expected a number of pixels; without areas they '
                'are counted'
            )

    def _file_name(self, entry: dict) -> str | None:
        name = entry.get('file_name')
        if name is None or isinstance(name, str):
            return name
        raise UserValueError(
            f'{self.path}: {str(entry)[:SHOWN_CHARACTERS]} has a file_name '
            f'that is no text, {EXPECTED}'
        )

    def _value(self, entry: Any, key: str, name: str | None = None) -> Any:
        value = entry.get(key) if isinstance(entry, dict) else None
        if isinstance(value, int | str):
            return value
        place = 'an entry' if name is None else f'a segment of {name}'
        raise UserValueError(
            f'{self.path}: {place} has no number or name as its {key} '
            f'({str(entry)[:SHOWN_CHARACTERS]}), {EXPECTED}'
        )


def _load(path: str, backend_args: dict | None) -> dict:
    try:
        text = fileio.get_text(path, backend_args=backend_args)
        content = json.loads(text.removeprefix(BYTE_ORDER_MARK))
    except FileNotFoundError as error:
        raise UserFileNotFoundError(
            f'{path} (ann_file) does not exist'
        ) from error
    except OSError as error:
        raise UserOSError(
            f'{path} (ann_file) cannot be read: {error}'
        ) from error
    except ValueError as error:
        raise UserValueError(
            f'{path} (ann_file) is no JSON ({error}): {EXPECTED}'
        ) from error
    if not isinstance(content, dict):
        raise UserValueError(
            f'{path} (ann_file) is a JSON {type(content).__name__}, {EXPECTED}'
        )
    return content
