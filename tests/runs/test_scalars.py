"""Scalars of a work folder, of runs that were resumed or killed."""

import json

import pytest

from mmseg_balance.runs.records.scalars import last_values, read_scalars


def log(work_dir, name, *lines):
    """A file as LocalVisBackend writes it."""
    folder = work_dir / name / 'vis_data'
    folder.mkdir(parents=True)
    text = ''.join(f'{json.dumps(line)}\n' for line in lines)
    (folder / 'scalars.json').write_text(text)
    return folder / 'scalars.json'


def test_a_resumed_run_counts_once(tmp_path):
    log(
        tmp_path,
        '1',
        dict(loss=3.0, iter=50, step=50),
        dict(loss=2.0, iter=100, step=100),
        {'mIoU': 10.0, 'IoU.car': 5, 'step': 100},
        dict(loss=1.5, iter=150, step=150),
    )
    file = log(
        tmp_path,
        '2',
        dict(loss=1.8, iter=150, step=150),
        {'mIoU': 20.0, 'step': 200},
    )
    scalars = read_scalars(tmp_path)
    assert scalars == {
        'loss': [(50, 3.0), (100, 2.0), (150, 1.8)],
        'mIoU': [(100, 10.0), (200, 20.0)],
        'IoU.car': [(100, 5.0)],
    }
    assert last_values(scalars) == {'loss': 1.8, 'mIoU': 20, 'IoU.car': 5}

    file.write_text(file.read_text()[:-4])  # of a run that was killed
    assert read_scalars(tmp_path)['mIoU'] == [(100, 10.0)]


def test_nothing_and_damage(tmp_path):
    with pytest.raises(FileNotFoundError, match='LocalVisBackend'):
        read_scalars(tmp_path)
    file = log(tmp_path, '1', dict(step=1), [3])
    with pytest.raises(ValueError, match=f'{file}, line 2: TypeError'):
        read_scalars(tmp_path)
