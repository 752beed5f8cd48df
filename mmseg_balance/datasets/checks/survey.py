"""Every file of a data set read once: what is in it, and what is wrong."""

import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from torch.utils.data import DataLoader, Dataset

from ...progress import progress_bar
from ..files.folders import is_local
from ..loading.bad_files import BadFileError
from ..loading.split_pipeline import SplitPipeline
from .labels import check_stored
from .segments import count_segments

FLUSH_SECONDS = 1.0
TAIL = 4096
# an image without its end is decoded all the same, with a grey rest
BEGIN_AND_END = ((b'\xff\xd8', b'\xff\xd9'), (b'\x89PNG', b'IEND'))


class SurveyFile:
    """Records of files that were read, one JSON object a line.

    A survey that was killed goes on with them; files that changed since, or
    are read in another way now, are read again.

    Args:
        path: The file; made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[tuple[str, str], dict] = {}
        for line in path.read_text().splitlines() if path.exists() else ():
            try:
                record = json.loads(line)
                self._known[record['settings'], record['image']] = record
            except (ValueError, KeyError, TypeError):
                continue  # the last line of a survey that was killed

    def find(self, settings: str, image: str, stamp: list) -> dict | None:
        """The record of a file, where there is one that still holds.

        Args:
            settings: Of :func:`survey_settings`.
            image: Path of the image.
            stamp: Of :func:`_stamp`.

        Returns:
            The record.
        """
        record = self._known.get((settings, image))
        if None in stamp or record is None or record['stamp'] != stamp:
            return None
        return record

    def append(self, records: Sequence[dict]) -> None:
        """Write records behind those that are there.

        Args:
            records: Of :func:`survey`.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = ''.join(f'{json.dumps(record)}\n' for record in records)
        # a line of its own, even behind one that was cut
        lead = '\n' if self.path.exists() and self.path.stat().st_size else ''
        with self.path.open('a') as file:
            file.write(lead + text)


def survey(
    part: SplitPipeline, file: SurveyFile, nproc: int = 1
) -> list[dict[str, Any]]:
    """Read every image and label of a data set, with a progress bar.

    They are loaded by the transforms of the data set that load, and checked
    as in training.

    Args:
        part: Fully initialised data set.
        file: Keeps what was read.
        nproc: Number of processes; 1 stays in this one.

    Returns:
        A dict for each sample: 'image' and 'label' (paths; None without
        labels), 'size' (width, height), 'counts' (pixels of each class),
        'ignored' (pixels), 'segments' (of ``count_segments``), 'digest' (of
        the bytes of the image), 'is_cut' (its end is missing), 'error' (what
        a training would stop at); None for what is not known.
    """
    settings = survey_settings(part)
    infos = [part.dataset.get_data_info(i) for i in range(len(part))]
    records: list[dict | None] = [
        file.find(settings, info['img_path'], _stamp(part, info))
        for info in infos
    ]
    todo = [i for i, record in enumerate(records) if record is None]
    written, fresh = time.monotonic(), []
    with progress_bar(
        f'read {part.name}', len(part), 'images', len(part) - len(todo)
    ) as bar:
        try:
            for i, record in _read(part, todo, settings, nproc):
                records[i] = record
                fresh.append(record)
                bar.update()
                if time.monotonic() - written > FLUSH_SECONDS:
                    file.append(fresh)
                    written, fresh = time.monotonic(), []
        finally:
            if fresh:
                file.append(fresh)
    return records


def survey_settings(part: SplitPipeline) -> str:
    """Hash of all that the records of a data set depend on but its files.

    Args:
        part: The data set.

    Returns:
        16 hex digits.
    """
    own = [
        *(part.name, part.labels, getattr(part.dataset, 'label_map', None)),
        *(_text_of(t) for t in part.loaders),
    ]
    return hashlib.sha256(repr(own).encode()).hexdigest()[:16]


def _text_of(transform: object) -> str:
    text = repr(transform)
    # of another process it would be another address
    return type(transform).__name__ if ' object at 0x' in text else text


class _Files(Dataset):
    """Samples of a data set as records."""

    def __init__(
        self, part: SplitPipeline, indices: list[int], settings: str
    ) -> None:
        self.part, self.indices, self.settings = part, indices, settings

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, i: int) -> tuple[int, dict]:
        index = self.indices[i]
        return index, _examine(self.part, index, self.settings)


def _read(
    part: SplitPipeline, indices: list[int], settings: str, nproc: int
) -> Iterator[tuple[int, dict]]:
    # its workers end with this process, however that ends
    yield from DataLoader(
        _Files(part, indices, settings),
        batch_size=None,
        num_workers=nproc if nproc > 1 and len(indices) > 1 else 0,
        collate_fn=_identity,
        worker_init_fn=_one_thread,
    )


def _identity(record: tuple[int, dict]) -> tuple[int, dict]:
    return record


def _one_thread(_: int) -> None:
    # the processes already fill the cores
    cv2.setNumThreads(0)


def _examine(part: SplitPipeline, index: int, settings: str) -> dict[str, Any]:
    info = part.dataset.get_data_info(index)
    with_labels = part.annotations is not None
    record = dict(
        settings=settings,
        image=info['img_path'],
        label=info.get('seg_map_path') if with_labels else None,
        stamp=_stamp(part, info),
        size=None,
        counts=None,
        ignored=None,
        segments=None,
        error=None,
        **_bytes_of(part, info['img_path']),
    )
    try:
        if record['label'] is not None and is_local(part.dataset):
            check_stored(part, index)
        loaded = part.read(index) or {}
    except (BadFileError, ValueError) as error:
        return record | dict(error=str(error))
    if 'img' in loaded:
        record['size'] = [int(n) for n in loaded['img'].shape[1::-1]]
    label = loaded.get('gt_seg_map')
    if label is not None:
        counts = part.labels.count(label)
        record['counts'] = counts.tolist()
        record['ignored'] = int(np.size(label) - counts.sum())
        record['segments'] = count_segments(loaded, len(counts))
    return record


def _bytes_of(part: SplitPipeline, path: str) -> dict[str, Any]:
    unknown = dict(digest=None, is_cut=None)
    if not is_local(part.dataset):
        return unknown
    try:
        data = Path(path).read_bytes()
    except OSError:
        return unknown
    is_cut = any(
        data.startswith(begin) and end not in data[-TAIL:]
        for begin, end in BEGIN_AND_END
    )
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    return dict(digest=digest, is_cut=is_cut)


def _stamp(part: SplitPipeline, info: dict) -> list[int | None]:
    """Time and size of image and label; None for what cannot be asked."""
    paths = [info['img_path']]
    stamp: list[int | None] = []
    if part.annotations is not None:
        if 'seg_map_path' in info:
            paths.append(info['seg_map_path'])
        else:
            stamp.append(info.get('label'))
    for path in paths:
        try:
            status = os.stat(path)
        except OSError:
            return [None]
        stamp += [status.st_mtime_ns, status.st_size]
    return stamp
