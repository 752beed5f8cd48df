"""Finding, reading and writing files, and a loop over many of them."""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TypeVar

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from .label_range import channel_advice

# PIL modes with one value a pixel
LABEL_MODES = ('1', 'L', 'P', 'I', 'I;16')
SHOWN_ERRORS = 10

Item = TypeVar('Item')


def find_files(
    folder: str | Path, suffix: str, exclude: str | None = None
) -> list[Path]:
    """Files below a folder, links followed, hidden files left out.

    Args:
        folder: Where to look, sub-folders included.
        suffix: What the names end with.
        exclude: Names that end with this are left out.

    Returns:
        Sorted paths, at least one.

    Raises:
        FileNotFoundError: The folder is missing or holds no such file.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder}: no such folder')
    found = sorted(
        Path(parent, name)
        for parent, names in walk_folder(folder)
        for name in names
        if name.endswith(suffix)
        and not name.startswith('.')
        and not (exclude and name.endswith(exclude))
    )
    if not found:
        raise FileNotFoundError(f'{folder}: no file that ends with "{suffix}"')
    return found


def walk_folder(folder: str | Path) -> Iterator[tuple[str, list[str]]]:
    """Folders and the names in them; links are followed, but not in circles.

    Args:
        folder: Where to begin.

    Yields:
        A folder, and the names of its files, broken links included.
    """
    for parent, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [
            name
            for name in folders
            if not leads_back(os.path.join(parent, name))
        ]
        yield parent, names


def leads_back(folder: str) -> bool:
    """Whether a folder is a link to one that it lies in.

    ``ln -s`` called twice leaves such a link; followed, it would give each
    file some forty times.

    Args:
        folder: The folder.

    Returns:
        False as well for what is no link.
    """
    if not os.path.islink(folder):
        return False
    here = os.path.realpath(os.path.dirname(folder))
    target = os.path.realpath(folder)
    return os.path.join(here, '').startswith(os.path.join(target, ''))


def require_writable(folder: str | Path) -> None:
    """Refuse a folder that nothing can be written in, before any work.

    Args:
        folder: The folder; where it is missing, the first one above it that
            exists counts.

    Raises:
        OSError: Names the folder, the reason and the option that helps.
    """
    folder = Path(folder)
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(
            f'{folder}: nothing can be written there ({error.strerror}); '
            'name a folder of your own with --out-dir'
        ) from error


def write_atomically(path: str | Path, data: bytes) -> None:
    """Write a file so that it is either whole or not there.

    Args:
        path: The file; missing parent folders are made.
        data: All of its bytes.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def hash_file(path: str) -> str:
    """Hash of what a file holds.

    Args:
        path: A file; of an address only the name counts.

    Returns:
        64 hex digits.
    """
    digest = hashlib.sha256()
    if '://' in path:
        digest.update(path.encode())
        return digest.hexdigest()
    with open(path, 'rb') as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def write_png(path: str | Path, image: np.ndarray) -> None:
    """Write a PNG file atomically.

    Args:
        path: The file; missing parent folders are made.
        image: uint8, (H, W) for labels or (H, W, 3) for RGB images.
    """
    buffer = BytesIO()
    # labels shrink a lot, images with their noise only take longer
    level = 6 if image.ndim == 2 else 1
    Image.fromarray(image).save(buffer, format='PNG', compress_level=level)
    write_atomically(path, buffer.getvalue())


def decode(path: str | Path) -> tuple[str, np.ndarray, np.ndarray]:
    """Decode a whole image as it is stored.

    Args:
        path: The file.

    Returns:
        Its PIL mode, its values (H, W) or (H, W, channels), of a palette
        image the indices, and its palette (N, 3), empty where it has none.

    Raises:
        OSError: The file is missing or cannot be decoded.
    """
    try:
        with Image.open(path) as image:
            values = np.asarray(image)
            palette = image.getpalette() if image.mode == 'P' else None
            mode = image.mode
    except FileNotFoundError:
        raise
    except (OSError, SyntaxError) as error:
        raise OSError(f'{path}: cannot be decoded ({error})') from error
    if values.dtype == bool:
        values = values.astype(np.uint8)
    return mode, values, np.array(palette or [], dtype=np.uint8).reshape(-1, 3)


def read_label(path: str | Path) -> np.ndarray:
    """Read a label image with one value a pixel.

    Args:
        path: Grey, palette or 1-bit image; of a palette image the indices
            count.

    Returns:
        Integer array (H, W).

    Raises:
        OSError: The file is missing or cannot be decoded.
        ValueError: The image has several channels.
    """
    mode, label, _ = decode(path)
    if mode not in LABEL_MODES:
        raise ValueError(
            f'{path}: expected one channel of class ids (PIL mode '
            f'{", ".join(LABEL_MODES)}), found mode {mode}: '
            f'{channel_advice(label.shape[-1])}'
        )
    return label


def map_files(
    function: Callable[[Item], Any],
    items: Sequence[Item],
    nproc: int = 1,
    description: str = '',
) -> list[Any]:
    """Apply a function to many files in parallel, with a progress bar.

    A file that fails does not stop the others; the failures are reported
    together at the end.

    Args:
        function: Called with one item; can be pickled.
        items: What it is called with.
        nproc: Number of processes; 1 stays in this one.
        description: Text before the progress bar.

    Returns:
        The results in the order of the items.

    Raises:
        ValueError: The function raised ``OSError`` or ``ValueError`` for
            some items; the message holds theirs.
        RuntimeError: A process was killed, by lack of memory for example.
    """
    guarded = partial(_guarded, function)
    progress = partial(
        tqdm, total=len(items), desc=description, unit='file', smoothing=0
    )
    if nproc == 1:
        results = list(progress(map(guarded, items)))
    else:
        results = _map_in_processes(guarded, items, nproc, progress)
    errors = [str(r.error) for r in results if isinstance(r, _Failure)]
    if errors:
        shown = '\n  '.join(errors[:SHOWN_ERRORS])
        rest = len(errors) - SHOWN_ERRORS
        more = f'\n  and {rest} more' if rest > 0 else ''
        raise ValueError(
            f'{len(errors)} of {len(items)} files failed:\n  {shown}{more}'
        )
    return results


class _Failure:
    """An exception as the result of one item."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _guarded(function: Callable[[Item], Any], item: Item) -> Any:
    try:
        return function(item)
    except (OSError, ValueError) as error:
        return _Failure(error)


def _map_in_processes(
    function: Callable[[Item], Any],
    items: Sequence[Item],
    nproc: int,
    progress: Callable,
) -> list[Any]:
    # one thread each: the processes already fill the cores
    with ProcessPoolExecutor(
        nproc, initializer=cv2.setNumThreads, initargs=(0,)
    ) as pool:
        try:
            return list(progress(pool.map(function, items, chunksize=4)))
        except BrokenProcessPool as error:
            raise RuntimeError(
                'a worker process was killed, perhaps for lack of memory: '
                'run the same command with a smaller --nproc'
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
