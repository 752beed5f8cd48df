"""--resume of a run that is not, or no longer, that of the checkpoint."""

import json
import shutil

import pytest
import torch

from mmseg_balance.runs.records import code
from mmseg_balance.runs.resuming.same_run import changed_data_order
from mmseg_balance.runs.work_dir import latest_checkpoint


@pytest.fixture
def trained(run_tool, tiny_config, tmp_path):
    """Work folder of a finished run of six iterations."""
    run_tool('train.py', tiny_config(), '--work-dir', tmp_path / 'run')
    return tmp_path / 'run'


def test_another_model_is_refused(run_tool, tiny_config, trained):
    (trained / 'iter_6.pth').unlink()
    loss = dict(type='BLDALoss', num_classes=3)
    for changes, clause in (
        ({'model.decode_head.loss_decode': loss}, 'statistics.*is missing'),
        ({'model.decode_head.channels': 8}, r'shape \(16,.*the model \(8,'),
        ({'model.backbone.num_layers': [1, 0]}, 'is not in the model'),
    ):
        hooks = [dict(type='GMMUpdateHook')] if 'loss' in str(changes) else []
        config = tiny_config(**changes, custom_hooks=hooks)
        with pytest.raises(
            SystemExit, match=f'(?s)^error.*{clause}.*load_from instead'
        ):
            run_tool('train.py', config, '--work-dir', trained, '--resume')
    assert not (trained / 'iter_6.pth').exists()


def test_another_batch_size_is_told(run_tool, tiny_config, trained, capfd):
    (trained / 'iter_6.pth').unlink()
    options = ['--resume', '--cfg-options', 'train_dataloader.batch_size=1']
    run_tool('train.py', tiny_config(), '--work-dir', trained, *options)
    output = capfd.readouterr()
    line = 'train_dataloader.batch_size is 1, but was 2 until the checkpoint'
    assert line in output.out + output.err
    meta = torch.load(trained / 'iter_6.pth')['meta']
    assert meta['iter'] == 6
    assert changed_data_order(meta, 1, 1) == []
    (line,) = changed_data_order(meta, 1, 2)
    assert line.startswith('the number of ranks is 2, but was 1 until')
    assert changed_data_order({}, 1, 2) == []
    assert changed_data_order(dict(cfg='a = ('), 1, 2) == []


def test_another_seed_is_refused(run_tool, tiny_config, trained, capfd):
    (trained / 'iter_6.pth').unlink()
    folder = ['--work-dir', trained]
    key = '--cfg-options', 'randomness.seed=1'
    for option, named in (
        (('--seed', 1), '--seed 1, but'),
        (key, '--cfg-options randomness.seed=1, but'),
        (('--seed', 2, *key), '--seed 2 and --cfg-options randomness.seed=1'),
        (('--cfg-options', 'randomness.seed=x'), "seed is 'x', expected"),
    ):
        with pytest.raises(SystemExit, match=f'^error: .*{named}') as error:
            run_tool('train.py', tiny_config(), *folder, '--resume', *option)
        if 'but' in named:
            assert 'iter_3.pth was trained with seed 0' in str(error.value)
            assert 'give another --work-dir' in str(error.value)
    # one of the config is told, and the run goes on with its own
    config = tiny_config(randomness=dict(seed=5))
    run_tool('train.py', config, *folder, '--resume')
    told = capfd.readouterr().err
    assert 'the config has randomness.seed=5, the checkpoint' in told
    assert torch.load(trained / 'iter_6.pth')['meta']['seed'] == 0
    (trained / 'iter_6.pth').unlink()
    run_tool('train.py', tiny_config(), *folder, '--resume', '--seed', 0)


def test_other_code_and_data_are_told(
    run_tool, tiny_config, trained, capfd, monkeypatch
):
    (trained / 'iter_6.pth').unlink()
    monkeypatch.setattr(code.torch, '__version__', '0.0')
    prefix = dict(img_path='img/val', seg_map_path='ann/val')
    key = 'train_dataloader.dataset.data_prefix'
    config = tiny_config(**{key: prefix})
    run_tool('train.py', config, '--work-dir', trained, '--resume')
    output = capfd.readouterr()
    output = output.out + output.err
    assert 'iter_3.pth is of other data: data was 6 images' in output
    assert ', is 5 images' in output
    assert 'iter_3.pth is of other code: torch was ' in output


def test_nothing_left(run_tool, tiny_config, trained, capsys):
    before = (trained / 'iter_6.pth').stat().st_mtime_ns
    run_tool('train.py', tiny_config(), '--work-dir', trained, '--resume')
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == (
        f'{trained / "iter_6.pth"}: nothing left to do, 6 of 6 iterations '
        'are trained'
    )
    assert (trained / 'iter_6.pth').stat().st_mtime_ns == before


def test_last_validation_is_made_up_for(run_tool, tiny_config, trained, capfd):
    (file,) = trained.glob('*/vis_data/scalars.json')
    rows = file.read_text().splitlines()
    scores = [row for row in rows if 'mIoU' in row]
    assert len(scores) == 1
    # as where it was killed in its last validation
    kept = rows[: rows.index(scores[0])]
    file.write_text(''.join(f'{row}\n' for row in kept))
    config = tiny_config()
    weights = (trained / 'iter_6.pth').stat().st_mtime_ns
    run_tool('train.py', config, '--work-dir', trained, '--resume')
    output = capfd.readouterr()
    assert 'before the validation of iteration 6' in output.out + output.err
    again = [
        row
        for other in trained.glob('*/vis_data/scalars.json')
        for row in other.read_text().splitlines()
        if 'mIoU' in row
    ]
    clocks = ('time', 'data_time')
    first, second = (
        {k: v for k, v in json.loads(row).items() if k not in clocks}
        for row in (*scores, *again)
    )
    assert first == second
    assert (trained / 'iter_6.pth').stat().st_mtime_ns == weights
    run_tool('train.py', config, '--work-dir', trained, '--resume')
    assert 'nothing left to do' in capfd.readouterr().out


def test_early_schedulers_give_the_same_learning_rates(
    run_tool, tiny_config, tmp_path
):
    """auto_scale_lr scales once, and before the schedulers note the rate."""
    scale = dict(enable=True, base_batch_size=1)
    run_tool(
        'train.py',
        tiny_config(auto_scale_lr=scale),
        *('--work-dir', tmp_path / 'run'),
    )
    saved = torch.load(tmp_path / 'run' / 'iter_3.pth')
    group = saved['optimizer']['param_groups'][0]
    assert group['initial_lr'] == pytest.approx(0.1)
    # the scheduler of mmengine ends one step before the last iteration
    assert group['lr'] == pytest.approx(0.1 * (1 - 3 / 6), abs=0.02)


def test_copied_folder_keeps_to_its_own_files(tmp_path):
    original, copy = tmp_path / 'a', tmp_path / 'b'
    original.mkdir()
    for number in (10, 20):
        torch.save({}, original / f'iter_{number}.pth')
    (original / 'last_checkpoint').write_text(str(original / 'iter_20.pth'))
    shutil.copytree(original, copy)
    (copy / 'iter_20.pth').unlink()
    assert latest_checkpoint(copy) == copy / 'iter_10.pth'
    assert latest_checkpoint(original) == original / 'iter_20.pth'
    # CheckpointHook(out_dir=...) saves elsewhere
    (copy / 'iter_10.pth').unlink()
    assert latest_checkpoint(copy) == original / 'iter_20.pth'
