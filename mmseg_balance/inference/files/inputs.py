"""Images and videos to predict, and what their results are called."""

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from ...datasets.checks.left_out import IMAGE_SUFFIXES
from ...datasets.files.prediction_names import first_distinct
from ...errors import UserFileNotFoundError, UserValueError
from ...files.walking import walk_folder
from .patterns import fixed_folder, matching

VIDEO_SUFFIXES = (
    *('.mp4', '.m4v', '.avi', '.mov', '.mkv', '.webm', '.mpg', '.mpeg'),
    '.wmv',
)
SUFFIXES = (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES)


@dataclass(frozen=True)
class Input:
    """A file to predict.

    Attributes:
        path: The file.
        name: Relative path of its results: of an image the PNG, of a video
            the folder of those of its frames.
    """

    path: Path
    name: PurePath

    @property
    def is_video(self) -> bool:
        """Whether the file is a video, by its suffix."""
        return is_video(self.path)


def is_video(path: Path) -> bool:
    """Whether a file is a video, by its suffix."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def find_inputs(
    patterns: Sequence[str | Path], results: Sequence[Path] = ()
) -> list[Input]:
    """Find images and videos.

    Args:
        patterns: Files, folders, whose sub-folders count too, and patterns
            with wildcards.
        results: Folders of results, which are not read.

    Returns:
        Each file once. Results are called as the path below the folder that
        was named, or below the part of a pattern without wildcards. Where
        two would be called alike, as the path below the folder that all
        inputs are in; where two differ in their suffix alone, suffixes are
        kept ('a.jpg.png').

    Raises:
        FileNotFoundError: There is nothing that a pattern names, or nothing
            with the suffix of an image or of a video.
        ValueError: A pattern names results.
    """
    own = [Path(os.path.realpath(folder)) for folder in results]
    if not patterns:
        raise UserFileNotFoundError('no input: name images, folders or videos')
    found: dict[Path, tuple[Path, Path]] = {}
    for pattern in patterns:
        for path, root in _expand(os.path.expanduser(pattern), own):
            found.setdefault(_absolute(path), (path, _absolute(root)))
    common = os.path.commonpath([path.parent for path in found])
    below_root = [full.relative_to(root) for full, (_, root) in found.items()]
    below_common = [full.relative_to(common) for full in found]
    names = first_distinct(
        [_result(path, keep_suffix) for path in below]
        for keep_suffix in (False, True)
        for below in (below_root, below_common)
    )
    pairs = zip(found.values(), names, strict=True)
    return [Input(path, name) for (path, _), name in pairs]


def _absolute(path: Path) -> Path:
    # links stay: a file may be there under several names
    return Path(os.path.abspath(path))


def _result(path: Path, keep_suffix: bool) -> PurePath:
    """What the results of a file are called."""
    name = path.name if keep_suffix else path.stem
    return PurePath(path.with_name(name if is_video(path) else f'{name}.png'))


def _expand(pattern: str, results: list[Path]) -> list[tuple[Path, Path]]:
    """Files of a pattern, each with the folder that it was found below."""
    path = Path(pattern)
    if path.exists() and _is_in(path, results):
        raise UserValueError(
            f'--input {pattern} is a folder or file of results: name images, '
            'or write to another folder with --out'
        )
    if path.is_file():
        return [(path, path.parent)]
    if path.is_dir():
        found = [(file, path) for file in _below(path, results)]
    elif glob.has_magic(pattern):
        found = list(_matched(pattern, results))
    else:
        raise UserFileNotFoundError(
            f'--input {pattern}: no such file or folder; patterns have '
            "wildcards, as in 'images/**/*.png'"
        )
    if not found:
        raise UserFileNotFoundError(
            f'--input {pattern}: nothing there has the suffix of an image or '
            f'of a video ({", ".join(SUFFIXES)}); a file of another suffix '
            'is read where it is named itself'
        )
    return found


def _matched(pattern: str, results: list[Path]) -> Iterator[tuple[Path, Path]]:
    root = fixed_folder(pattern)
    for path in matching(pattern):
        if path.is_dir():
            yield from ((file, root) for file in _below(path, results))
        elif _is_readable(path) and not _is_in(path, results):
            yield path, root


def _below(folder: Path, results: list[Path]) -> list[Path]:
    """Images and videos of a folder; hidden ones and results left out."""
    found = []
    for parent, names in walk_folder(folder):
        inner = Path(parent).relative_to(folder).parts
        if any(p.startswith('.') for p in inner) or _is_in(parent, results):
            continue
        found += [
            Path(parent, name)
            for name in names
            if not name.startswith('.') and _is_readable(Path(name))
        ]
    return sorted(found)


def _is_readable(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _is_in(path: str | Path, folders: list[Path]) -> bool:
    real = Path(os.path.realpath(path))
    return any(real.is_relative_to(folder) for folder in folders)
