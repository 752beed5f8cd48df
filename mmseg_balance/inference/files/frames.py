"""Images, and frames of videos, one after the other."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePath

import numpy as np

from ...datasets.loading.bad_files import UnreadableFileError
from .clips import Clip, clips_of
from .inputs import Input
from .videos import Video, VideoFile


@dataclass
class Frame:
    """An image or a frame of a video that is to be predicted.

    Attributes:
        name: Relative path of its results.
        image: File, or BGR (H, W, 3) in uint8.
        painted: The video that its painted picture goes to, where it does.
        previous: The frame before it in its video, where there is one and
            it is asked for.
    """

    name: PurePath
    image: Path | np.ndarray
    painted: VideoFile | None = None
    previous: Path | np.ndarray | None = None


class FrameStream:
    """Goes through inputs, of which little is held at once.

    Args:
        inputs: Images and videos.
        fps: Frames a second that are taken of a video; None: all.
        painted: Folder of painted videos; None: there are none.
        keeps: Whether those that are there are left as they are.
        on_bad: Called for a video that cannot be read.
        on_short: Called with a line on a video with fewer frames than its
            head says, or with frames at no constant rate.
        image_fps: Frames a second of the videos that the images of each
            folder are frames of; None: images are images.
        in_pairs: Whether frames come with those before them.

    Raises:
        What ``on_bad`` raises.
        ValueError: See ``clips_of``.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        fps: float | None,
        painted: Path | None,
        keeps: bool,
        on_bad: Callable[[UnreadableFileError], None],
        on_short: Callable[[str], None],
        image_fps: float | None = None,
        in_pairs: bool = False,
    ) -> None:
        self._inputs = inputs
        self._fps = fps
        self._painted = painted
        self._keeps = keeps
        self._on_short = on_short
        self._image_fps = image_fps or 0.0
        self._in_pairs = in_pairs
        self._clips = [] if image_fps is None else clips_of(inputs)
        self._videos: dict[PurePath, Video] = {}
        for one in inputs:
            if one.is_video:
                try:
                    self._videos[one.name] = Video(one.path)
                except UnreadableFileError as error:
                    on_bad(error)

    def __len__(self) -> int:
        """How many there are, as far as the heads of videos say."""
        images = sum(not one.is_video for one in self._inputs)
        return images + sum(
            math.ceil(v.num_frames * v.share(self._fps))
            for v in self._videos.values()
        )

    def frames(
        self, is_done: Callable[[PurePath], bool], is_over: Callable[[], bool]
    ) -> Iterator[Frame]:
        """What is to be predicted.

        Args:
            is_done: Whether the results of a name are there, so that it is
                left out.
            is_over: Whether to stop.

        Yields:
            Images and frames in the order of the inputs. A frame is called
            by its number in the video.
        """
        for one in self._inputs:
            if is_over():
                return
            if one.name in self._videos:
                yield from self._video_frames(one, is_done, is_over)
            elif one.is_video or self._clips:
                continue
            elif not is_done(one.name):
                yield Frame(one.name, one.path)
        for clip in self._clips:
            if is_over():
                return
            yield from self._clip_frames(clip, is_done, is_over)

    def painted_names(self) -> list[PurePath]:
        """Relative paths of all painted videos."""
        videos = [one for one in self._inputs if one.is_video]
        return [painted_name(one) for one in (*videos, *self._clips)]

    def _painted_file(self, of: Input | Clip, fps: float) -> VideoFile | None:
        """The painted video; None where there is none to be made."""
        if self._painted is None:
            return None
        file = self._painted / painted_name(of)
        if self._keeps and file.is_file():
            return None
        return VideoFile(file, fps)

    def _clip_frames(
        self,
        clip: Clip,
        is_done: Callable[[PurePath], bool],
        is_over: Callable[[], bool],
    ) -> Iterator[Frame]:
        painted = self._painted_file(clip, self._image_fps)
        previous = None
        for one in clip.frames:
            if painted is not None or not is_done(one.name):
                yield Frame(one.name, one.path, painted, previous)
                if is_over():
                    return
            previous = one.path if self._in_pairs else None
        if painted is not None:
            painted.is_whole = True

    def _video_frames(
        self,
        one: Input,
        is_done: Callable[[PurePath], bool],
        is_over: Callable[[], bool],
    ) -> Iterator[Frame]:
        video = self._videos[one.name]
        fps = video.fps * video.share(self._fps)
        painted = self._painted_file(one, fps)

        @cache  # what is done counts once
        def is_wanted(index: int) -> bool:
            # a video cannot be gone on with, so it is painted from the start
            return video.is_chosen(index, self._fps) and (
                painted is not None or not is_done(frame_name(one, index))
            )

        def is_decoded(index: int) -> bool:
            before = self._in_pairs and is_wanted(index + 1)
            return is_wanted(index) or before

        previous = None
        for index, image in video.frames(is_decoded):
            if is_wanted(index):
                yield Frame(frame_name(one, index), image, painted, previous)
                if is_over():
                    return
            previous = image if self._in_pairs else None
        if painted is not None:
            painted.is_whole = True
        self._note(one, video, painted is not None)

    def _note(self, one: Input, video: Video, is_painted: bool) -> None:
        if video.stopped_at < video.num_frames:
            self._on_short(
                f'video {one.path} ends after {video.stopped_at} of '
                f'{video.num_frames} frames: it is cut short, or its head is '
                'wrong'
            )
        if is_painted and video.varies:
            self._on_short(
                f'video {one.path} has frames at no constant rate: the '
                f'painted one shows {video.fps:g} a second, and takes '
                f'{video.stopped_at / video.fps:.1f} s in the place of '
                f'{video.last_time:.1f} s'
            )


def frame_name(video: Input, index: int) -> PurePath:
    """Relative path of the results of a frame."""
    return video.name / f'{index:06d}.png'


def painted_name(video: Input | Clip) -> PurePath:
    """Relative path of a painted video."""
    return video.name.with_name(f'{video.name.name}.mp4')
