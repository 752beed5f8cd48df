"""Which frames of Cityscapes-Seq have labels."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ....files.walking import walk_folder
from ....files.writing import write_atomically
from ...sets.video.frames import frame_of
from ..label_conversion import TRAIN_ID_SUFFIX, Conversion

LIST_NAME = 'labelled_frames_{split}.txt'
LABEL_END = '_gtFine' + TRAIN_ID_SUFFIX
IMAGE_END = '_leftImg8bit.png'


def write_frame_lists(
    conversions: Sequence[Conversion], out: Path, sequences: Path
) -> list[str]:
    """Write a list of the labelled frames of each split.

    Args:
        conversions: What was converted, a split each.
        out: Folder of the lists.
        sequences: Folder of the frames, ``leftImg8bit_sequence``; may be
            missing.

    Returns:
        Lines for the terminal: how many there are, under which numbers, and
        which have no frame before them.
    """
    lines = []
    for conversion in conversions:
        split = PurePosixPath(conversion.files[0]).parts[-3]
        names = [
            '/'.join(PurePosixPath(file).parts[-2:]).removesuffix(LABEL_END)
            for file in conversion.files
        ]
        file = out / LIST_NAME.format(split=split)
        write_atomically(file, ''.join(f'{n}\n' for n in names).encode())
        frames = [frame_of(name, name) for name in names]
        usual = sum(frame.number == 19 for frame in frames)
        lines.append(
            f'{split}: {len(names)} labelled frames, {usual} of them number '
            f'000019, are listed in {file}'
        )
        folder = sequences / split
        if folder.is_dir():
            there = {
                Path(parent, name).relative_to(folder).as_posix()
                for parent, found in walk_folder(folder)
                for name in found
            }
            alone = [f for f in frames if f.moved(-1) + IMAGE_END not in there]
            if alone:
                lines.append(
                    f'  {len(alone)} have no frame before them in {folder}: '
                    f'{alone[0].moved(-1)}{IMAGE_END} for one'
                )
    return lines
