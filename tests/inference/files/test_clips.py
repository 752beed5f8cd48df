"""Images of folders as frames, by the numbers in their names."""

from pathlib import Path, PurePath

from mmseg_balance.inference.files.clips import clips_of
from mmseg_balance.inference.files.inputs import Input


def test_frames_are_in_the_order_of_their_numbers(tmp_path):
    """A superscript is a digit to Python, and no number."""
    names = ['x10.png', 'x9.png', 'm²10_1.png', 'm²9_2.png', '²1.png']
    inputs = [Input(tmp_path / name, PurePath(name)) for name in names]
    (clip,) = clips_of(inputs)
    assert clip.name == PurePath(tmp_path.name)
    found = [Path(one.path).name for one in clip.frames]
    assert found.index('x9.png') + 1 == found.index('x10.png')
    assert found.index('m²9_2.png') + 1 == found.index('m²10_1.png')
    assert sorted(found) == sorted(names)
