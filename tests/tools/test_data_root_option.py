"""One key for where the data lies, through the tools that read configs."""

import shutil

import pytest

from mmseg_balance.configuration.data_roots import VARIABLE
from mmseg_balance.runs.training import load_run

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')


@pytest.fixture
def moved(tiny_config, monkeypatch, tmp_path):
    """A config that looks below data/, which is not there."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    roots = {f'{key}.dataset.data_root': 'data/streets' for key in LOADERS}
    return tiny_config(**roots, **{'train_cfg.max_iters': 1})


def test_missing_folders_are_listed_at_once(moved, run_tool):
    with pytest.raises(SystemExit) as error:
        run_tool('train.py', moved)
    message = str(error.value)
    assert (
        'error: train_dataloader.dataset.data_prefix.img_path: the folder '
        'data/streets/img/train does not exist; '
        'train_dataloader.dataset.data_prefix.seg_map_path: the folder '
        'data/streets/ann/train does not exist; '
        'val_dataloader.dataset.data_prefix.img_path, '
        'test_dataloader.dataset.data_prefix.img_path: the folder '
        'data/streets/img/val does not exist'
    ) in message
    assert '--data-root NAME=FOLDER, or the variable' in message
    assert 'traceback' not in message


def test_train_and_test_elsewhere(
    moved, run_tool, street_data, monkeypatch, tmp_path, capsys
):
    run_tool(
        *('train.py', moved, '--work-dir', tmp_path / 'work'),
        *('--data-root', f'Streets={street_data}'),
    )
    folder = tmp_path / 'mnt'
    shutil.copytree(street_data, folder / 'streets')
    monkeypatch.setenv(VARIABLE, str(folder))
    run_tool('test.py', moved, tmp_path / 'work/iter_1.pth')
    assert 'scores: ' in capsys.readouterr().out


def test_override_of_the_root_that_all_sets_share(moved, street_data):
    cfg = load_run(str(moved), dict(data_root=str(street_data)))
    assert [cfg[key].dataset.data_root for key in LOADERS] == [
        str(street_data)
    ] * 3


def test_name_that_no_data_set_has(moved, run_tool):
    with pytest.raises(SystemExit, match='error: --data-root gta=/x: .* it '):
        run_tool('train.py', moved, '--data-root', 'gta=/x')
