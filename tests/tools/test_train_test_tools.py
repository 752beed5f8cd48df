import json
import os
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config


def weights(path):
    return torch.load(path)['state_dict']


def equal(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def test_train_from_another_folder(tiny_config, tools, tmp_path):
    """As a user starts it: a process of its own, relative paths."""
    config = tiny_config()
    folder = tmp_path / 'elsewhere'
    folder.mkdir()
    result = subprocess.run(
        [
            sys.executable,
            tools / 'train.py',
            f'../{config.name}',
            '--work-dir',
            'out',
            '--seed',
            '3',
            '--cfg-options',
            'train_cfg.max_iters=4',
            'default_hooks.checkpoint.interval=2',
        ],
        cwd=folder,
        env=os.environ | dict(OMP_NUM_THREADS='1'),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    out = folder / 'out'
    assert {p.name for p in out.glob('*.pth')} == {'iter_2.pth', 'iter_4.pth'}
    assert torch.load(out / 'iter_4.pth')['meta']['seed'] == 3
    assert re.search(r'Iter\(train\) \[4/4\].*eta: 0:00:00', result.stdout)
    last = result.stdout.splitlines()[-1]
    match = re.fullmatch(r'checkpoint: (\S+)  log: (\S+)', last)
    assert match[1] == str(out / 'iter_4.pth')
    with open(match[2]) as log:
        assert 'mIoU' in log.read()


def test_seed_repeats_and_resume_goes_on(
    run_tool, tiny_config, tmp_path, capsys
):
    runs = {}
    for name, options in dict(a=[], b=['--seed', 0], c=['--seed', 1]).items():
        runs[name] = tmp_path / name
        run_tool('train.py', tiny_config(), '--work-dir', runs[name], *options)
    whole = weights(runs['a'] / 'iter_6.pth')
    assert equal(whole, weights(runs['b'] / 'iter_6.pth'))
    assert not equal(whole, weights(runs['c'] / 'iter_6.pth'))

    # go on in a new folder with --resume CKPT, in the old one with --resume
    options = ['--resume', runs['c'] / 'iter_3.pth']
    run_tool('train.py', tiny_config(), '--work-dir', tmp_path / 'd', *options)
    expected = weights(runs['c'] / 'iter_6.pth')
    assert equal(weights(tmp_path / 'd' / 'iter_6.pth'), expected)

    (runs['c'] / 'iter_6.pth').write_bytes(b'cut short by SIGKILL')
    run_tool('train.py', tiny_config(), '--work-dir', runs['c'], '--resume')
    assert equal(weights(runs['c'] / 'iter_6.pth'), expected)
    assert not (runs['c'] / 'earlier_1').exists()

    with pytest.raises(SystemExit, match='--seed 5.*trained with seed 1'):
        run_tool(
            'train.py',
            tiny_config(),
            '--work-dir',
            runs['c'],
            '--resume',
            '--seed',
            5,
        )


def test_amp_and_earlier_checkpoints(run_tool, tiny_config, tmp_path, capfd):
    work_dir = tmp_path / 'run'
    run_tool('train.py', tiny_config(), '--work-dir', work_dir, '--resume')
    assert 'training starts from the beginning' in capfd.readouterr().err
    before = weights(work_dir / 'iter_6.pth')
    run_tool('train.py', tiny_config(), '--work-dir', work_dir, '--amp')
    output = capfd.readouterr()
    assert "type='AutocastOptimWrapper'" in output.out
    assert f'now in {work_dir}/earlier_1' in output.out + output.err
    assert equal(weights(work_dir / 'earlier_1' / 'iter_6.pth'), before)
    after = weights(work_dir / 'iter_6.pth')
    assert all(v.isfinite().all() for v in after.values())
    assert not equal(before, after)
    assert torch.load(work_dir / 'iter_6.pth')['meta']['iter'] == 6


def test_test_writes_scores_predictions_and_pictures(
    run_tool, tiny_config, street_data, tmp_path, capsys
):
    work_dir = tmp_path / 'run'
    config = tiny_config()
    run_tool('train.py', config, '--work-dir', work_dir)
    logged = next(work_dir.glob('*/vis_data/scalars.json')).read_text()
    validated = json.loads(logged.splitlines()[-1])
    capsys.readouterr()

    run_tool(
        'test.py',
        tiny_config(),
        work_dir / 'iter_6.pth',
        '--work-dir',
        tmp_path / 'test',
        '--out',
        tmp_path / 'predictions',
        '--show-dir',
        tmp_path / 'painted',
    )
    last = capsys.readouterr().out.splitlines()[-1]
    scores = json.loads(open(re.match(r'scores: (\S+)  log:', last)[1]).read())
    for key in ('mIoU', 'mAcc', 'IoU_std', 'Acc_std', 'IoU.car', 'Bias.sky'):
        assert scores[key] == pytest.approx(validated[key])

    correct = counted = 0
    for i in range(5):
        label = cv2.imread(str(street_data / f'ann/val/{i}.png'), 0)
        saved = cv2.imread(str(tmp_path / f'predictions/{i}.png'), 0)
        correct += np.sum((saved == label) & (label != 255))
        counted += np.sum(label != 255)
    assert scores['aAcc'] == pytest.approx(100 * correct / counted)
    assert len(list((tmp_path / 'painted').rglob('*.png'))) == 5


@pytest.mark.parametrize(
    'tool, args, message',
    [
        ('train.py', ['missing.py'], 'no config file missing.py in /'),
        ('test.py', ['missing.py', 'x.pth'], 'no config file missing.py in /'),
        (
            'train.py',
            ['CONFIG', '--resume', 'x.pth'],
            '--resume: no checkpoint x.pth',
        ),
        ('test.py', ['CONFIG', 'x.pth'], 'no checkpoint file x.pth'),
        ('test.py', ['CONFIG', 'CONFIG'], 'no complete checkpoint'),
        (
            'train.py',
            [
                'CONFIG',
                '--amp',
                '--cfg-options',
                'optim_wrapper.type=OptimWrapperDict',
            ],
            "--amp found optim_wrapper.type='OptimWrapperDict'",
        ),
        (
            'train.py',
            [
                'CONFIG',
                '--cfg-options',
                'train_dataloader.dataset.data_root=/no/where',
            ],
            'train_dataloader.dataset.*/no/where/img/train',
        ),
        (
            'test.py',
            [
                'CONFIG',
                'CHECKPOINT',
                '--cfg-options',
                'test_dataloader.dataset.data_root=/no/where',
            ],
            'test_dataloader.dataset.*/no/where/img/val',
        ),
        (
            'train.py',
            ['CONFIG', '--launcher', 'slurm'],
            '--launcher slurm needs an accelerator',
        ),
    ],
)
def test_mistakes_end_in_one_line(
    run_tool, tiny_config, tmp_path, capsys, monkeypatch, tool, args, message
):
    if 'slurm' in args and torch.cuda.is_available():
        pytest.skip('slurm is an error only without an accelerator')
    monkeypatch.chdir(tmp_path)
    paths = dict(CONFIG=tiny_config(), CHECKPOINT=tmp_path / 'empty.pth')
    torch.save(dict(state_dict={}), paths['CHECKPOINT'])
    with pytest.raises(SystemExit, match='error: .*' + message) as exit_:
        run_tool(tool, *[paths.get(a, a) for a in args])
    assert len(str(exit_.value).splitlines()) == 1
    assert not (tmp_path / 'work_dirs').exists()


def test_checkpoint_of_another_model_is_refused(
    run_tool, tiny_config, tmp_path
):
    path = tmp_path / 'other.pth'
    torch.save(dict(state_dict={'student.x': torch.zeros(1)}), path)
    with pytest.raises(SystemExit, match="does not fit.*'student.x'"):
        run_tool(
            'test.py', tiny_config(), path, '--work-dir', tmp_path / 'out'
        )


def test_amp_on_an_accelerator(monkeypatch):
    from mmengine.optim import OptimWrapper  # noqa: F401

    from mmseg_balance.configuration import run_options
    from mmseg_balance.configuration.run_options import enable_amp

    monkeypatch.setattr(run_options, 'get_device', lambda: 'cuda')
    cfg = Config(dict(optim_wrapper=dict(type='OptimWrapper')))
    enable_amp(cfg)
    assert cfg.optim_wrapper == dict(
        type='AmpOptimWrapper', loss_scale='dynamic'
    )
    cfg.optim_wrapper.loss_scale = 512.0
    enable_amp(cfg)
    assert cfg.optim_wrapper.loss_scale == 512.0


def test_ranks_on_cpu_get_no_device_number(monkeypatch):
    from mmseg_balance.runs import ranks
    from mmseg_balance.runs.ranks import start_ranks

    started = []
    monkeypatch.setattr(ranks, 'get_device', lambda: 'cpu')
    monkeypatch.setattr(
        ranks.distributed,
        'init_process_group',
        lambda backend, **kwargs: started.append(backend),
    )
    plain = Config(dict(env_cfg=dict()))
    start_ranks(plain, 'pytorch')
    assert plain.launcher == 'pytorch' and started == ['gloo']
    assert plain.model_wrapper_cfg.device_ids is None
    own = Config(dict(model_wrapper_cfg=dict(type='UDAModelWrapper')))
    start_ranks(own, 'pytorch')
    assert own.model_wrapper_cfg == dict(type='UDAModelWrapper')
    single = Config(dict())
    start_ranks(single, 'none')
    assert 'model_wrapper_cfg' not in single and len(started) == 2


def test_latest_checkpoint_of_a_moved_folder(tmp_path):
    from mmseg_balance.runs.work_dir import latest_checkpoint

    for number in (9, 10, 100):
        torch.save({}, tmp_path / f'iter_{number}.pth')
    (tmp_path / 'best_mIoU_iter_200.pth').touch()
    assert latest_checkpoint(tmp_path).name == 'iter_100.pth'
    (tmp_path / 'last_checkpoint').write_text('/gone/iter_10.pth')
    assert latest_checkpoint(tmp_path) == tmp_path / 'iter_10.pth'
    (tmp_path / 'last_checkpoint').write_text('')
    (tmp_path / 'iter_100.pth').write_bytes(b'PK cut short')
    assert latest_checkpoint(tmp_path).name == 'iter_10.pth'
    assert latest_checkpoint(tmp_path / 'missing') is None
