import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmseg_balance.evaluation.published.rows import ROWS, find_row
from mmseg_balance.runs.records import code
from mmseg_balance.runs.records.scores import add_origin, read_scores
from mmseg_balance.runs.reproduction import named_row
from mmseg_balance.runs.reproduction import row as reproduction
from mmseg_balance.runs.reproduction.commands import name_of
from mmseg_balance.runs.reproduction.earlier_run import find_work_dir

CONFIG = 'configs/daformer/daformer_blda_mit-b5_40k_gta2cityscapes-512x512.py'
WORK_DIR = 'work_dirs/daformer_blda_mit-b5_40k_gta2cityscapes-512x512_seed0'


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
    *tables, notes = capsys.readouterr().out.split('\n\n')
    lines = [line for table in tables for line in table.splitlines()[1:]]
    # of mIoU, of panoptic quality, of videos by two rules, of classifiers
    assert len(tables) == 5
    assert [line.split()[0] for line in lines] == [r.name for r in ROWS]
    assert notes.startswith('Recipes, and how they differ')


@pytest.mark.parametrize('row', [row.name for row in ROWS])
def test_dry_run_of_every_row(dry_run, row):
    commands = dry_run(row)
    config = find_row(find_row(row).trained_as).config
    names = [os.path.basename(words[1]) for words in commands]
    fit = ['fit_logit_statistics.py'] * row.endswith('posthoc')
    own = ['train.py', *fit, 'test.py']
    *before, _, _ = [name for name in names if name not in fit]
    assert names == [*before, *own]
    cfg = Config.fromfile(config)
    stages = {'pseudo-labels': 'first_stage', 'translate': 'translation'}
    found = {words[3] for words in commands if words[1] == '-m'}
    assert found == {k for k, v in stages.items() if v in cfg}
    assert bool(before) == bool(found)
    for words in commands[len(before) :]:
        assert words[0] == sys.executable
        assert os.path.isfile(words[1])
        assert words[2] == config
    thousands = re.search(r'_(\d+)k_', config)[1]
    last = f'iter_{thousands}000.pth'
    assert os.path.basename(commands[-1][3]) == last


def test_one_process(dry_run, tools):
    train, test = dry_run('gta/daformer+blda')
    assert train[2:] == [CONFIG, '--work-dir', WORK_DIR, '--seed', '0']
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
        *('--work-dir', str(tmp_path), '--seed', '0', *tail),
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
        (['gta/daformer+blad'], 'no row .*the nearest are gta/daformer.blda'),
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
    row = replace(find_row('gta/mic'), config=str(config))
    monkeypatch.setattr(named_row, 'find_row', lambda name: row)
    work_dir = tmp_path / 'work'

    def run(*args):
        run_tool('reproduce.py', row.name, '--work-dir', work_dir, *args)

    return run, work_dir, config


def test_trains_tests_and_compares(small_row, capfd):
    run, work_dir, config = small_row
    run()
    lines = capfd.readouterr().out.splitlines()
    (file,) = work_dir.glob('test/*/*.json')
    scores = json.loads(file.read_text())
    last = work_dir / 'iter_6.pth'
    *lines, told, level, note = lines
    assert told == f'seed 0, {last}' and level == 'recipe: published'
    assert note.startswith('  - settings of gtaHR2csHR_hrda.py')
    assert scores['origin']['checkpoint'] == str(last)
    assert scores['origin']['seed'] == 0 and scores['origin']['iter'] == 6
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
    assert train.endswith(f'--work-dir {work_dir} --seed 0 --resume auto')
    assert str(work_dir / 'iter_6.pth') in test


@pytest.fixture
def begun(small_row, run_tool):
    """The tool, and a folder that has a training of seed 0."""
    run, work_dir, config = small_row
    run_tool('train.py', config, '--work-dir', work_dir)
    return run, work_dir, config


def test_another_run_is_refused_by_name(begun, capfd):
    run, work_dir, config = begun
    last = work_dir / 'iter_6.pth'
    for args, line in (
        (['--seed', 1], 'randomness.seed was 0, is 1'),
        (
            ['--cfg-options', 'randomness.seed=1'],
            'randomness.seed was 0, is 1',
        ),
        (
            ['--cfg-options', 'optim_wrapper.optimizer.lr=0.1'],
            'optim_wrapper.optimizer.lr was 0.05, is 0.1',
        ),
        (
            ['--launcher', 'pytorch', '--gpus', 2],
            'num_ranks was 1, is 2',
        ),
        (
            [
                '--cfg-options',
                'train_dataloader.dataset.data_prefix.img_path=img/val',
                'train_dataloader.dataset.data_prefix.seg_map_path=ann/val',
            ],
            'data was 6 images',
        ),
    ):
        with pytest.raises(SystemExit) as error:
            run('--dry-run', *args)
        message = str(error.value)
        assert message.startswith(f'error: {last} is of another run:')
        assert line in message and 'Give another --work-dir' in message
        assert not capfd.readouterr().out
    run('--dry-run', '--allow-changed', *args)
    output = capfd.readouterr()
    assert f'warning: {last}: {line}' in output.err
    assert '--resume auto' in output.out


def test_the_same_run_elsewhere_goes_on(
    begun, capfd, tmp_path, street_data, monkeypatch
):
    run, work_dir, config = begun
    shutil.copytree(street_data, tmp_path / 'moved')
    moved = work_dir.rename(tmp_path / 'work of before')
    monkeypatch.setattr(code, 'sources', lambda: 'f' * 12)
    run(
        *('--dry-run', '--work-dir', moved, '--launcher', 'pytorch'),
        *('--gpus', 2, '--cfg-options', 'train_dataloader.num_workers=3'),
        'train_dataloader.batch_size=1',
        f'train_dataloader.dataset.data_root={tmp_path / "moved"}',
    )
    output = capfd.readouterr()
    assert '--resume auto' in output.out
    warnings = [w for w in output.err.splitlines() if 'warning' in w]
    assert len(warnings) == 2
    assert "'" + str(tmp_path / 'moved') + "'" in warnings[0]
    assert 'the sources of mmseg_balance were ' in warnings[1]


def test_best_snapshot(dry_run, tmp_path):
    train, test = dry_run('gta/advent', '--best', '--work-dir', tmp_path)
    assert test[3:] == [
        *(f'{tmp_path}/best_*.pth', '--work-dir'),
        f'{tmp_path}/test_best',
    ]
    with pytest.raises(
        FileNotFoundError, match='has 0 files best_.*checkpoint.save_best=mIoU'
    ):
        reproduction.best_snapshot(tmp_path)
    torch.save({}, tmp_path / 'best_mIoU_iter_3.pth')
    found = reproduction.best_snapshot(tmp_path)
    assert found == tmp_path / 'best_mIoU_iter_3.pth'
    torch.save({}, tmp_path / 'best_mAcc_iter_6.pth')
    with pytest.raises(FileNotFoundError, match='has 2 files best_'):
        reproduction.best_snapshot(tmp_path)


def test_folder_has_the_seed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path('work_dirs/a')
    assert find_work_dir('x/a.py', 3) == Path('work_dirs/a_seed3')
    # a training of a version that did not name it
    folder.mkdir(parents=True)
    torch.save(dict(meta=dict(seed=3)), folder / 'iter_1.pth')
    assert find_work_dir('x/a.py', 3) == folder
    assert find_work_dir('x/a.py', 0) == Path('work_dirs/a_seed0')
    named = Path('work_dirs/a_seed3')
    named.mkdir()
    torch.save(dict(meta=dict(seed=3)), named / 'iter_1.pth')
    assert find_work_dir('x/a.py', 3) == named


def test_scores_of_another_checkpoint(tmp_path):
    for name in ('a', 'b'):
        torch.save(dict(state_dict={}, name=name), tmp_path / f'{name}.pth')
    with pytest.raises(FileNotFoundError, match='no scores in .*-balance tes'):
        read_scores(tmp_path / 'test', tmp_path / 'a.pth')
    file = tmp_path / 'test/1/1.json'
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(dict(mIoU=1.0)))
    with pytest.raises(FileNotFoundError, match='that they do not name'):
        read_scores(tmp_path / 'test', tmp_path / 'a.pth')
    cfg = Config(dict(model=dict(type='A', size=(1, 2), tau=1)))
    meta = dict(iter=5, seed=7)
    add_origin(file, str(tmp_path / 'a.pth'), meta, cfg)
    scores = read_scores(tmp_path / 'test', tmp_path / 'a.pth')
    assert scores['mIoU'] == 1.0
    with pytest.raises(
        FileNotFoundError,
        match=r'scores of .*a\.pth \(iteration 5, seed 7\), expected .*b.pth',
    ):
        read_scores(tmp_path / 'test', tmp_path / 'b.pth')
    assert scores['origin']['settings']['model']['tau'] == 1


def test_failed_training_ends_with_its_status(small_row, capfd):
    run, work_dir, config = small_row
    config.write_text(config.read_text() + "\nmodel['type'] = 'Nothing'\n")
    with pytest.raises(
        SystemExit,
        match='error: train.py ended with status 1.*nothing new was saved',
    ):
        run()
    assert not work_dir.joinpath('test').exists()


def test_slurm_without_slurm(run_tool, monkeypatch):
    command = ('reproduce.py', 'gta/hrda', '--launcher', 'slurm')
    monkeypatch.setenv('PATH', '')
    with pytest.raises(SystemExit, match='--launcher slurm starts srun'):
        run_tool(*command, '--partition', 'gpu')
    run_tool(*command, '--partition', 'gpu', '--dry-run')
    assert name_of(['/a/slurm_train.sh', 'gpu']) == 'slurm_train.sh'
    assert name_of([sys.executable, '/a/train.py']) == 'train.py'


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
    assert words[4] == (
        'work_dirs/hrda_mit-b5_40k_gta2cityscapes-1024x1024_seed0'
    )
