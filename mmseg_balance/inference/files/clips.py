"""Folders of images that are the frames of a video."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePath

from ...datasets.files.image_pairs import stored_size
from ...errors import UserValueError
from .inputs import Input

DIGITS = re.compile(r'(\d+)')


@dataclass(frozen=True)
class Clip:
    """Images of one folder, as the frames of a video.

    Attributes:
        name: Relative path of the results of the video, without suffix.
        frames: The images, in the order of the numbers in their names.
    """

    name: PurePath
    frames: tuple[Input, ...]


def clips_of(inputs: Sequence[Input]) -> list[Clip]:
    """The clips that images are frames of, one a folder.

    Args:
        inputs: Images, and videos, which are left out.

    Returns:
        The clips, in the order of their folders.

    Raises:
        ValueError: Two clips, or a clip and a video, would have results of
            one name; or images of a folder differ in size.
    """
    images = [one for one in inputs if not one.is_video]
    images.sort(key=lambda one: (str(one.path.parent), _natural(one.path)))
    clips = []
    for folder, members in groupby(images, key=lambda one: one.path.parent):
        frames = tuple(members)
        below = frames[0].name.parent
        # of images that lie in the folder that was named
        name = below if below.name else PurePath(folder.resolve().name)
        clips.append(Clip(name, frames))
    _refuse_one_name(clips, inputs)
    for clip in clips:
        _refuse_sizes(clip)
    return clips


def _natural(path: Path) -> list[tuple[int, int | str]]:
    """Key by which frame_2 is before frame_10."""
    return [
        (0, int(part)) if part.isdecimal() else (1, part)
        for part in DIGITS.split(path.name)
    ]


def _refuse_one_name(clips: Sequence[Clip], inputs: Sequence[Input]) -> None:
    found = {one.name: str(one.path) for one in inputs if one.is_video}
    for clip in clips:
        folder = str(clip.frames[0].path.parent)
        other = found.setdefault(clip.name, folder)
        if other != folder:
            raise UserValueError(
                f'{other} and {folder} would both become {clip.name}.mp4: '
                'predict one after the other, with an --out for each'
            )


def _refuse_sizes(clip: Clip) -> None:
    """By the heads of the files; those without one are named when read."""
    first: tuple[Path, tuple[int, int]] | None = None
    for one in clip.frames:
        try:
            size = stored_size(one.path)
        except OSError:
            continue
        if first is None:
            first = one.path, size
        elif size != first[1]:
            raise UserValueError(
                f'{first[0]} has {first[1][0]} x {first[1][1]} and {one.path} '
                f'{size[0]} x {size[1]} pixels (width x height): frames of a '
                'video are of one size; leave --image-fps away'
            )
