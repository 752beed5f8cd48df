"""Which files are predicted, and what their results are called."""

import os
from pathlib import Path

import pytest

from mmseg_balance.inference.files.inputs import find_inputs
from mmseg_balance.inference.files.outputs import result_folders

FILES = (
    'in/a.jpg',
    'in/x/a.jpg',
    'in/x/y/b.PNG',
    'in/x/notes.txt',
    'in/.hidden.png',
    'in/.cache/c.png',
    'other/a.jpg',
    'other/ride.mp4',
    'odd/[1].png',
    'odd/data.npy',
    'alike/a.jpg',
    'alike/a.png',
    'video/a.mp4',
    'video/a/000000.png',
)


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for file in FILES:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()


def names(*patterns, results=()):
    return [
        (one.path.as_posix(), one.name.as_posix())
        for one in find_inputs(patterns, [Path(r) for r in results])
    ]


@pytest.mark.parametrize(
    'patterns, expected',
    [
        # a folder: the path below it; hidden files and others left out
        (
            ['in'],
            [
                ('in/a.jpg', 'a.png'),
                ('in/x/a.jpg', 'x/a.png'),
                ('in/x/y/b.PNG', 'x/y/b.png'),
            ],
        ),
        (['in/x/a.jpg'], [('in/x/a.jpg', 'a.png')]),
        # what a shell makes of in/*.jpg in/x/*.jpg
        (
            ['in/a.jpg', 'in/x/a.jpg'],
            [('in/a.jpg', 'a.png'), ('in/x/a.jpg', 'x/a.png')],
        ),
        # two folders with one name: below the folder of both
        (
            ['in/x/a.jpg', 'other'],
            [
                ('in/x/a.jpg', 'in/x/a.png'),
                ('other/a.jpg', 'other/a.png'),
                ('other/ride.mp4', 'other/ride'),
            ],
        ),
        (['in/*/a.jpg'], [('in/x/a.jpg', 'x/a.png')]),
        (['in/**/a.*'], [('in/a.jpg', 'a.png'), ('in/x/a.jpg', 'x/a.png')]),
        (['in/x/**'], [('in/x/a.jpg', 'a.png'), ('in/x/y/b.PNG', 'y/b.png')]),
        (['i?/x/[y]'], [('in/x/y/b.PNG', 'in/x/y/b.png')]),
        # one file, named twice
        (
            ['in/a.jpg', 'in/*.jpg', './in/../in/a.jpg'],
            [('in/a.jpg', 'a.png')],
        ),
        # a name that is a pattern as well, and a suffix that is none
        (['odd/[1].png'], [('odd/[1].png', '[1].png')]),
        (['odd/data.npy'], [('odd/data.npy', 'data.png')]),
        (
            ['alike'],
            [('alike/a.jpg', 'a.jpg.png'), ('alike/a.png', 'a.png.png')],
        ),
        # frames of a.mp4 would lie among those of the folder
        (
            ['video'],
            [
                ('video/a/000000.png', 'a/000000.png.png'),
                ('video/a.mp4', 'a.mp4'),
            ],
        ),
    ],
)
def test_names(patterns, expected):
    assert names(*patterns) == expected


@pytest.mark.parametrize(
    'pattern, message',
    [
        ('nowhere', '--input nowhere: no such file or folder'),
        ('nowhere/*.png', 'nowhere/.*: nothing there has the suffix of an im'),
        ('in/x/*.txt', r'\.txt: nothing there has the suffix of an image'),
        ('out/labels', 'out/labels is a folder or file of results'),
    ],
)
def test_nothing_to_predict(pattern, message):
    Path('out/labels').mkdir(parents=True)
    with pytest.raises((FileNotFoundError, ValueError), match=message):
        names('in', pattern, results=result_folders(Path('out')))


@pytest.mark.parametrize('out', ['in', 'in/results', '.'])
def test_results_are_not_read(out):
    before = names('in', '**/*.jpg')
    for kind in ('labels', 'overlays', 'confidences'):
        Path(out, kind, 'x').mkdir(parents=True)
        Path(out, kind, 'x/a.png').touch()
        Path(out, kind, 'x/a.jpg').touch()
    results = result_folders(Path(out))
    assert names('in', '**/*.jpg', results=results) == before


def test_links_in_a_circle_are_gone_through_once():
    os.symlink(Path('in').absolute(), 'in/x/back')
    os.symlink(Path('other').absolute(), 'in/x/far')
    expected = ['a.png', 'x/a.png', 'x/far/a.png', 'x/far/ride', 'x/y/b.png']
    assert [name for _, name in names('in')] == expected
    assert [name for _, name in names('in/**/*.*')] == expected
