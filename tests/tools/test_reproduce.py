import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace

import pytest

from mmseg_balance.evaluation.published_results import ROWS, find_row

CONFIG = 'configs/daformer/daformer_blda_mit-b5_40k_gta2cityscapes-512x512.py'
WORK_DIR = 'work_dirs/daformer_blda_mit-b5_40k_gta2cityscapes-512x512'


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch, tools):
    monkeypatch.chdir(tools.parent)


@pytest.fixture
def dry_run(run_tool, capsys):
    """Commands that the tool shows, each as its words."""

    def run(*args):
        capsys.readouterr()
        run_tool('reproduce.py', *args, '--dry-run')
        lines = capsys.readouterr().out.splitlines()
        return [shlex.split(line) for line in lines]

    return run


def test_list(run_tool, capsys):
    run_tool('reproduce.py', '--list')
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [r.name for r in ROWS]


@pytest.mark.parametrize('row', [row.name for row in ROWS])
def test_dry_run_of_every_row(dry_run, row):
    commands = dry_run(row)
    config = find_row(find_row(row).trained_as).config
    names = [os.path.basename(words[1]) for words in commands]
    fit = ['fit_logit_statistics.py'] * row.endswith('posthoc')
    assert names == ['train.py', *fit, 'test.py']
    for words in commands:
        assert words[0] == sys.executable
        assert os.path.isfile(words[1])
        assert words[2] == config
    thousands = re.search(r'_(\d+)k_', config)[1]
    last = f'iter_{thousands}000.pth'
    assert os.path.basename(commands[-1][3]) == last


def test_one_process(dry_run, tools):
    train, test = dry_run('gta/daformer+blda')
    assert train[2:] == [CONFIG, '--work-dir', WORK_DIR]
    checkpoint = f'{WORK_DIR}/iter_40000.pth'
    assert test[2:] == [CONFIG, checkpoint, '--work-dir', f'{WORK_DIR}/test']


def test_several_processes_and_options(dry_run, tools, tmp_path):
    options = ['train_cfg.max_iters=7', 'a.b=[1, 2]']
    train, test = dry_run(
        'gta/daformer+blda',
        *('--launcher', 'pytorch', '--gpus', 2, '--work-dir', tmp_path),
        *('--cfg-options', *options),
    )
    tail = ['--cfg-options', *options]
    python = f'PYTHON={sys.executable}'
    assert train == [
        *(python, str(tools / 'dist_train.sh'), CONFIG, '2'),
        *('--work-dir', str(tmp_path), *tail),
    ]
    assert test == [
        *(python, str(tools / 'dist_test.sh'), CONFIG),
        *(str(tmp_path / 'iter_7.pth'), '2'),
        *('--work-dir', str(tmp_path / 'test'), *tail),
    ]


def test_slurm(dry_run, tools):
    train, fit, test = dry_run(
        'gta/daformer+posthoc',
        *('--launcher', 'slurm', '--partition', 'gpu', '--gpus', '4'),
    )
    start = [f'PYTHON={sys.executable}', 'GPUS=4']
    job = ['gpu', 'gta-daformer+posthoc']
    assert train[:5] == [*start, str(tools / 'slurm_train.sh'), *job]
    assert test[:5] == [*start, str(tools / 'slurm_test.sh'), *job]
    assert fit[:5] == ['srun', '-p', 'gpu', '--gres=gpu:1', '--ntasks=1']


def test_post_hoc_row_uses_the_training_of_the_plain_one(dry_run):
    plain = dry_run('gta/daformer')
    train, fit, test = dry_run('gta/daformer+posthoc')
    assert train == plain[0]
    assert fit[2:4] == test[2:4] == plain[1][2:4]
    statistics = fit[fit.index('--out') + 1]
    assert test[test.index('--post-hoc') + 1] == statistics
    assert test[test.index('--tau') + 1] == '0.5'
    # not where the scores of the plain row are
    assert test[test.index('--work-dir') + 1] != plain[1][5]


@pytest.mark.parametrize(
    ('args', 'message'),
    [
        (['gta/daformer+blad'], 'no row .*did you mean gta/daformer.blda'),
        ([], 'name a row, or show them with --list'),
        (['gta/mic', '--gpus', '2'], '--gpus 2 needs --launcher pytorch'),
        (['gta/mic', '--gpus', '0'], '--gpus to be at least 1, got 0'),
        (['gta/mic', '--launcher', 'slurm'], 'slurm and --partition go tog'),
        (['gta/mic', '--partition', 'gpu'], 'slurm and --partition go toge'),
    ],
)
def test_options_that_cannot_work(run_tool, args, message):
    with pytest.raises(SystemExit, match=f'error: .*{message}'):
        run_tool('reproduce.py', *args, '--dry-run')


@pytest.fixture
def small_row(run_tool, tiny_config, monkeypatch, tmp_path):
    """The tool, with one row whose config trains in seconds."""
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    config = tiny_config()
    tool = run_tool.load('reproduce.py')
    row = replace(find_row('gta/mic'), config=str(config))
    monkeypatch.setattr(tool, 'find_row', lambda name: row)
    work_dir = tmp_path / 'work'

    def run(*args):
        command = ['reproduce.py', row.name, '--work-dir', work_dir, *args]
        monkeypatch.setattr(sys, 'argv', list(map(str, command)))
        tool.main()

    return run, work_dir, config


def test_trains_tests_and_compares(small_row, capfd):
    run, work_dir, config = small_row
    run()
    lines = capfd.readouterr().out.splitlines()
    (file,) = work_dir.glob('test/*/*.json')
    scores = json.loads(file.read_text())
    table = [line.split() for line in lines[-5:]]
    assert table[0] == ['gta/mic', 'ours', 'published']
    published = find_row('gta/mic').scores
    assert [line[0] for line in table[1:]] == list(published)
    for key, ours, theirs in table[1:]:
        assert float(ours) == pytest.approx(scores[key], abs=0.051)
        assert float(theirs) == published[key]
    # once more it would go on with what is there
    run('--dry-run')
    train, test = capfd.readouterr().out.splitlines()
    assert train.endswith(f'--work-dir {work_dir} --resume auto')
    assert str(work_dir / 'iter_6.pth') in test


def test_failed_training_ends_with_its_status(small_row, capfd):
    run, work_dir, config = small_row
    config.write_text(config.read_text() + "\nmodel.type = 'Nothing'\n")
    with pytest.raises(SystemExit, match=r'error: train.py ended with status'):
        run()
    assert not work_dir.joinpath('test').exists()


def test_starts_from_another_folder(tools, tmp_path):
    result = subprocess.run(
        [sys.executable, tools / 'reproduce.py', 'gta/hrda', '--dry-run'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    words = shlex.split(result.stdout.splitlines()[0])
    assert os.path.isfile(words[2])
    assert words[4] == 'work_dirs/hrda_mit-b5_40k_gta2cityscapes-1024x1024'
