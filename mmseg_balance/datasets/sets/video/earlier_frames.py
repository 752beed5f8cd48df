"""The frames before others, and what is wrong where there is none."""

import os.path as osp
from collections.abc import Sequence

from ....errors import UserValueError
from ...files.folders import names_in
from .frames import Frame, frame_of

SHOWN = 3


class EarlierFrames:
    """Looks for the frame before others, in folders that are read once.

    Args:
        folder: Folder of all frames.
        suffixes: What the names of frames end with.
        step: How much smaller the number of the frame before is.
    """

    def __init__(
        self, folder: str, suffixes: Sequence[str], step: int
    ) -> None:
        self.folder, self.suffixes, self.step = folder, tuple(suffixes), step
        # number and file of the frames of each sequence, by folder
        self._read: dict[str, dict[str, dict[int, str]]] = {}
        self._faults: list[str] = []

    def find(self, frame: Frame, path: str) -> str | None:
        """The frame before another.

        Args:
            frame: The other.
            path: Its file, for messages.

        Returns:
            The file; None where the sequence begins after it. Where there is
            a gap, or the sequence has no other frame, None as well, and
            :meth:`refuse_faults` says so.
        """
        numbers = self._sequence(frame)
        wanted = frame.number - self.step
        if wanted in numbers:
            return numbers[wanted]
        others = [n for n in numbers if n != frame.number]
        if not others:
            self._faults.append(f'{path} is the only frame of its sequence')
        elif wanted >= min(others):
            earlier = max(n for n in others if n < frame.number)
            self._faults.append(
                f'before {path} (frame {frame.number}) there is no frame '
                f'{wanted}, the next earlier one is {earlier}'
            )
        return None

    def refuse_faults(self) -> None:
        """Refuse sequences of one frame, and those with gaps.

        Raises:
            ValueError: There is such a sequence; names the first.
        """
        if not self._faults:
            return
        shown = '; '.join(self._faults[:SHOWN])
        more = '; ...' if len(self._faults) > SHOWN else ''
        raise UserValueError(
            f'{len(self._faults)} images have no frame before them in '
            f'{self.folder}: {shown}{more}. Name the folder of all frames in '
            'data_prefix.prev_img_path, set previous to the step of the '
            f'numbers (now {self.step}), or previous=None for single images'
        )

    def _sequence(self, frame: Frame) -> dict[int, str]:
        below = osp.dirname(frame.before)
        if below not in self._read:
            self._read[below] = self._list(below)
        return self._read[below].get(frame.sequence, {})

    def _list(self, below: str) -> dict[str, dict[int, str]]:
        folder = osp.join(self.folder, below)
        found: dict[str, dict[int, str]] = {}
        for name in sorted(names_in(folder)):
            end = next((s for s in self.suffixes if name.endswith(s)), None)
            if end is None or name.startswith('.'):
                continue
            path = osp.join(folder, name)
            stem = osp.join(below, name.removesuffix(end))
            frame = frame_of(stem, path)
            found.setdefault(frame.sequence, {})[frame.number] = path
        return found
