"""Which pictures are shown, and which files are never served."""

import os

from mmseg_balance.runs.watching.pictures import Pictures

NAME = '20261126_080000'


def test_the_latest_whole_one_of_each_name(tmp_path, start_run):
    start = start_run(tmp_path, NAME)
    pictures = Pictures(start.data / 'vis_image')
    assert pictures.latest() == []
    for name in ('mixed_90.png', 'mixed_100.png', 'a_b_20.jpg', 'notes.png'):
        start.draw(name)
    half = start.draw('mixed_110.png')
    half.write_bytes(half.read_bytes()[:-9])
    found = [(p.name, p.step) for p in pictures.latest()]
    assert found == [('mixed', 100), ('a_b', 20)]
    start.draw('mixed_110.png')  # now to its end
    assert pictures.latest()[0].step == 110


def test_files_that_are_no_pictures_of_it(tmp_path, start_run):
    start = start_run(tmp_path, NAME)
    path = start.draw('mixed_10.png')
    secret = tmp_path / 'secret.png'
    secret.write_bytes(path.read_bytes())
    os.symlink(secret, path.parent / 'link_10.png')
    (path.parent / 'text_10.txt').write_text('x')
    pictures = Pictures(path.parent)
    assert pictures.file('mixed_10.png') == path
    for name in (
        'link_10.png',
        'text_10.txt',
        '../../secret.png',
        '../scalars.json',
        str(secret),
        '',
    ):
        assert pictures.file(name) is None
