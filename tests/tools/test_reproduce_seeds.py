"""Several seeds of a row, and no seed that reports another's numbers."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mmseg_balance.evaluation.published.rows import find_row
from mmseg_balance.runs.reproduction import named_row
from mmseg_balance.runs.reproduction.commands import Reproduction


@pytest.fixture
def row(run_tool, tiny_config, monkeypatch, tmp_path, tools):
    """``reproduce`` of a tiny row, whose commands run in this process."""
    config = tiny_config()
    tiny = replace(find_row('gta/mic'), config=str(config))
    monkeypatch.setattr(named_row, 'find_row', lambda name: tiny)

    def run_here(self, command, work_dir=None):
        script = Path(command[1]).relative_to(tools)
        started.append((script.name, command[2:]))
        if not self.dry_run:
            run_tool(str(script), *command[2:])

    monkeypatch.setattr(Reproduction, 'run', run_here)
    work_dir, started = tmp_path / 'work', []

    def run(*args):
        started.clear()
        run_tool('reproduce.py', tiny.name, '--work-dir', work_dir, *args)
        return started

    return run, work_dir


def forget_the_seed(checkpoint):
    """As a checkpoint that another program has written anew."""
    content = torch.load(checkpoint, weights_only=False)
    content['meta'] = {k: content['meta'][k] for k in ('iter', 'epoch')}
    torch.save(content, checkpoint)


def cells(line):
    return [cell.strip() for cell in line.strip('|').split('|')]


def test_a_folder_a_seed_and_one_table(row, capsys):
    run, work_dir = row
    started = run('--seeds', 0, 3)
    assert [name for name, _ in started] == ['train.py', 'test.py'] * 2
    # behind what the tools have printed
    out = capsys.readouterr().out.rpartition('Mean and standard dev')[2]
    rows = [cells(line) for line in out.splitlines() if line[:1] == '|']
    ours, published = rows[2:]
    assert rows[0][:2] == ['Method', 'mIoU'] and ours[-1] == '2'
    assert ours[0] == 'gta/mic' and published[:2] == [
        'gta/mic, published',
        '75.9',
    ]
    single = [
        float(found)
        for found in re.findall(r'^- seed \d: ([\d.]+) mIoU', out, re.M)
    ]
    mean, std = map(float, ours[1].split(' +- '))
    # of numbers that were rounded to 0.1
    assert mean == pytest.approx(sum(single) / 2, abs=0.11)
    assert std == pytest.approx(abs(single[0] - single[1]) / 2**0.5, abs=0.15)
    assert 'BLDA Tables 1, 3; GBW Table 1' in out
    for seed in (0, 3):
        last = work_dir / f'seed{seed}/iter_6.pth'
        assert torch.load(last, weights_only=False)['meta']['seed'] == seed
        assert f'seed {seed}: ' in out and str(last) in out
    # once more: what is there is gone on with
    started = run('--seeds', 0, 3, '--dry-run')
    assert all('--resume' in words for n, words in started if n == 'train.py')


def test_a_copied_folder_is_refused_before_anything_runs(row):
    run, work_dir = row
    run('--seeds', 0)
    shutil.copytree(work_dir / 'seed0', work_dir / 'seed1')
    with pytest.raises(SystemExit, match='seed1.*randomness.seed was 0, is 1'):
        run('--seeds', 2, 1)
    assert not (work_dir / 'seed2').exists()


def test_a_checkpoint_that_names_no_seed_is_no_ones(row, capsys):
    run, work_dir = row
    run('--seed', 0)
    forget_the_seed(work_dir / 'iter_6.pth')
    capsys.readouterr()
    with pytest.raises(SystemExit, match=r'seed was \(not noted\), is 1'):
        run('--seed', 1)
    # nor where it is asked to go on all the same
    with pytest.raises(SystemExit, match='is of no seed, expected seed 1'):
        run('--seed', 1, '--allow-changed')
    assert 'published' not in capsys.readouterr().out


def test_allowing_changes_allows_no_other_seed(row, capsys):
    run, work_dir = row
    run('--seed', 0)
    capsys.readouterr()
    with pytest.raises(SystemExit, match='was trained with seed 0: give anot'):
        run('--seed', 1, '--allow-changed')
    assert 'published' not in capsys.readouterr().out


@pytest.mark.parametrize(
    'args, message',
    [
        (['--seeds', 0, 1, 0], 'has one twice'),
        (['--seeds', 0, -1], 'the seed is -1'),
        (
            ['--seeds', 0, 1, '--cfg-options', 'randomness.seed=0'],
            'give one of them',
        ),
    ],
)
def test_seeds_that_cannot_work(row, args, message):
    with pytest.raises(SystemExit, match=message):
        row[0](*args, '--dry-run')


def test_one_way_to_name_seeds(row, capsys):
    with pytest.raises(SystemExit) as ended:
        row[0]('--seed', 0, '--seeds', 0, 1)
    assert ended.value.code == 2
    assert 'not allowed with' in capsys.readouterr().err
