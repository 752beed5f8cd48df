"""Images, and frames of videos, one after the other."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

from ...datasets.loading.bad_files import UnreadableFileError
from .inputs import Input
from .videos import Video, VideoFile


@dataclass
class Frame:
    """An image or a frame of a video that is to be predicted.

    Attributes:
        name: Relative path of its results.
        image: File, or BGR (H, W, 3) in uint8.
        painted: The video that its painted picture goes to, where it does.
    """

    name: PurePath
    image: Path | np.ndarray
    painted: VideoFile | None = None


class FrameStream:
    """Goes through inputs, of which little is held at once.

    Args:
        inputs: Images and videos.
        fps: Frames a second that are taken of a video; None: all.
        painted: Folder of painted videos; None: there are none.
        keeps: Whether those that are there are left as they are.
        on_bad: Called for a video that cannot be read.
        on_short: Called with a line on a video with fewer frames than its
            head says.

    Raises:
        What ``on_bad`` raises.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        fps: float | None,
        painted: Path | None,
        keeps: bool,
        on_bad: Callable[[UnreadableFileError], None],
        on_short: Callable[[str], None],
    ) -> None:
        self._inputs = inputs
        self._fps = fps
        self._painted = painted
        self._keeps = keeps
        self._on_short = on_short
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
            elif not one.is_video and not is_done(one.name):
                yield Frame(one.name, one.path)

    def _video_frames(
        self,
        one: Input,
        is_done: Callable[[PurePath], bool],
        is_over: Callable[[], bool],
    ) -> Iterator[Frame]:
        video, painted = self._videos[one.name], None
        if self._painted is not None:
            file = self._painted / painted_name(one)
            if not (self._keeps and file.is_file()):
                fps = video.fps * video.share(self._fps)
                painted = VideoFile(file, fps)

        def is_wanted(index: int) -> bool:
            # a video cannot be gone on with, so it is painted from the start
            return video.is_chosen(index, self._fps) and (
                painted is not None or not is_done(frame_name(one, index))
            )

        for index, image in video.frames(is_wanted):
            yield Frame(frame_name(one, index), image, painted)
            if is_over():
                return
        if painted is not None:
            painted.is_whole = True
        if video.stopped_at < video.num_frames:
            self._on_short(
                f'video {one.path} ends after {video.stopped_at} of '
                f'{video.num_frames} frames: it is cut short, or its head is '
                'wrong'
            )


def frame_name(video: Input, index: int) -> PurePath:
    """Relative path of the results of a frame."""
    return video.name / f'{index:06d}.png'


def painted_name(video: Input) -> PurePath:
    """Relative path of a painted video."""
    return video.name.with_name(f'{video.name.name}.mp4')
