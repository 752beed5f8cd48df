"""Which file a prediction goes to, and which files it leaves alone."""

from pathlib import PurePath

import pytest

from mmseg_balance.datasets.files.prediction_names import (
    picture_names,
    prediction_names,
)
from mmseg_balance.inference.prediction_files import claim_folder


@pytest.mark.parametrize(
    'paths, names, pictures',
    [
        ([], [], []),
        # as MMSegmentation, also in sub-folders
        (['d/a.png'], ['a.png'], ['a.png']),
        (
            ['d/x/a.jpg', 'd/y/b.png'],
            ['a.png', 'b.png'],
            ['a.jpg', 'b.png'],
        ),
        (
            ['d/x/a.jpg', 'd/y/a.jpg', 'd/y/b.jpg'],
            ['x/a.png', 'y/a.png', 'y/b.png'],
            ['x_a.jpg', 'y_a.jpg', 'y_b.jpg'],
        ),
        (['d/a.jpg', 'd/a.png'], ['a.jpg.png', 'a.png.png'], None),
        (['d/a.jpg', 'd/A.png'], ['a.jpg.png', 'A.png.png'], None),
        (['a.jpg', 'x/a.jpg'], ['a.png', 'x/a.png'], ['a.jpg', 'x_a.jpg']),
        # where flattened paths are alike, too
        (
            ['d/x/y.png', 'd/x_y.png', 'd/x.png', 'd/z/x.png'],
            ['x/y.png', 'x_y.png', 'x.png', 'z/x.png'],
            ['0_x_y.png', '1_x_y.png', 'x.png', 'z_x.png'],
        ),
    ],
)
def test_names(paths, names, pictures):
    found = prediction_names(paths)
    assert found == dict(zip(paths, map(PurePath, names), strict=True))
    flat = picture_names(paths)
    pictures = pictures or [PurePath(p).name for p in paths]
    assert flat == dict(zip(paths, pictures, strict=True))


def test_an_image_that_is_there_twice():
    assert prediction_names(['d/a.png', 'd/a.png']) == {
        'd/a.png': PurePath('a.png')
    }


def test_files_of_a_user_are_left_alone(tmp_path):
    names = [PurePath('a.png'), PurePath('x/b.png')]
    claim_folder(tmp_path / 'new', names)
    (tmp_path / 'new/a.png').touch()
    claim_folder(tmp_path / 'new', names)  # its own
    claim_folder(tmp_path / 'new', [PurePath('c.png')])
    claim_folder(tmp_path / 'new', names)

    (tmp_path / 'labels/x').mkdir(parents=True)
    (tmp_path / 'labels/x/b.png').write_bytes(b'drawn by hand')
    with pytest.raises(FileExistsError, match='labels has x/b.png, which no'):
        claim_folder(tmp_path / 'labels', names)
    assert not (tmp_path / 'labels/.predictions.json').exists()
    claim_folder(tmp_path / 'labels', names[:1])  # beside it

    with pytest.raises(NotADirectoryError, match='b.png is a file: name a f'):
        claim_folder(tmp_path / 'labels/x/b.png', names)
