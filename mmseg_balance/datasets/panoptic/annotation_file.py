"""The JSON file of a panoptic data set, in COCO's panoptic format."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from mmengine import fileio

from ...errors import UserFileNotFoundError, UserOSError, UserValueError
from ...panoptic.ids import FILE_VOID
from ...panoptic.segments import Segment
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
            self._value(image, 'id'): image.get('file_name')
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

    def read(self, categories: Categories | None) -> list[Annotation]:
        """Its annotations, in its order.

        Args:
            categories: What they are classes of; None for a file of images
                alone.

        Raises:
            ValueError: An annotation has no ``segments_info``, two segments
                of an image have one id, or a category is no class.
        """
        if categories is None:
            return [
                Annotation(str(i), name) for i, name in self._images.items()
            ]
        return [self._read(one, categories) for one in self._annotations]

    def _read(self, entry: Any, categories: Categories) -> Annotation:
        image_id = self._value(entry, 'image_id')
        name = entry.get('file_name') or f'{image_id}.png'
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
            segments.append(segment)
        image = self._images.get(image_id)
        return Annotation(str(image_id), image, name, segments, tuple(ignored))

    def _check_ids(self, listed: Sequence[Any], name: str) -> None:
        seen = set()
        for entry in listed:
            number = self._value(entry, 'id', name)
            if not isinstance(number, int) or number <= FILE_VOID:
                raise UserValueError(
                    f'{self.path}: a segment of {name} has the id {number!r}, '
                    f'expected a whole number from 1 ({FILE_VOID}, black, is '
                    'no segment)'
                )
            if number in seen:
                raise UserValueError(
                    f'{self.path}: two segments of {name} have the id '
                    f'{number}, expected one of its own for each'
                )
            seen.add(number)

    def _value(self, entry: Any, key: str, name: str | None = None) -> Any:
        if isinstance(entry, dict) and key in entry:
            return entry[key]
        place = 'an entry' if name is None else f'a segment of {name}'
        raise UserValueError(
            f'{self.path}: {place} has no {key} '
            f'({str(entry)[:SHOWN_CHARACTERS]}), {EXPECTED}'
        )


def _load(path: str, backend_args: dict | None) -> dict:
    try:
        content = json.loads(fileio.get_text(path, backend_args=backend_args))
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
