"""Rows whose training builds on others: labels, translated images."""

import re
import shlex
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmseg_balance.cli.main import main
from mmseg_balance.runs.reproduction.commands import Reproduction
from mmseg_balance.runs.work_dir import latest_checkpoint

LABELS = 'train_dataloader.dataset.target.data_prefix.seg_map_path'
ROOT = 'train_dataloader.dataset.source.translated_root'


@pytest.fixture(autouse=True)
def _in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def second_stage(uda_config):
    """Config of a second stage; keywords change it, ``first`` the first."""

    def write(first=None, **changes):
        ends = {'train_dataloader.dataset.target.seg_map_suffix': '_mine.png'}
        config = uda_config('first', **ends, **(first or {}))
        pipeline = Config.fromfile(config).test_pipeline
        path = uda_config(
            'second',
            **{
                'model.labelled_target': {},
                'train_dataloader.dataset.target.pipeline': pipeline,
                **ends,
                'first_stage': dict(
                    config=str(config), pseudo_labels=dict(share=0.4, cap=0.8)
                ),
                **changes,
            },
        )
        return path

    return write


@pytest.fixture
def reproduce(run_tool, tools, monkeypatch, capsys):
    """Run the row in this process; gives the commands that were run."""
    commands = []

    def run(self, command, work_dir=None):
        commands.append(command)
        if self.dry_run:
            return
        before = sys.argv
        if command[1] == '-m':
            main(command[3:])
        else:
            script = Path(command[1]).relative_to(tools)
            run_tool(str(script), *command[2:])
        sys.argv = before

    monkeypatch.setattr(Reproduction, 'run', run)

    def start(*args):
        commands.clear()
        run_tool('reproduce.py', 'second.py', *args)
        return list(commands)

    return start


def short(command):
    """A command without Python, without paths of folders."""
    words = [Path(w).name if w.startswith('/') else w for w in command[1:]]
    return shlex.join(words)


def test_commands(second_stage, reproduce, tmp_path):
    second_stage()
    train, label, again, test = reproduce('--dry-run')
    first = 'work_dirs/first_seed0'
    assert short(train) == f'train.py first.py --work-dir {first} --seed 0'
    labels = tmp_path / 'work_dirs/second_seed0/pseudo_labels'
    assert short(label) == (
        f'-m mmseg_balance pseudo-labels first.py {first}/iter_6.pth --out '
        'work_dirs/second_seed0/pseudo_labels --cap 0.8 --share 0.4'
    )
    assert again[2:] == [
        *('second.py', '--work-dir', 'work_dirs/second_seed0'),
        *('--seed', '0', '--cfg-options', f'{LABELS}={labels}'),
    ]
    assert test[3] == 'work_dirs/second_seed0/iter_6.pth'


def test_options_and_folders_of_all_stages(second_stage, reproduce):
    second_stage()
    train, label, again, _ = reproduce(
        *('--dry-run', '--work-dir', 'w', '--seed', '3', '--launcher'),
        *('pytorch', '--gpus', '2', '--cfg-options', 'train_cfg.max_iters=4'),
    )
    tail = '--cfg-options train_cfg.max_iters=4'
    assert short([0, *train]) == (
        f'dist_train.sh first.py 2 --work-dir w/first_stage --seed 3 {tail}'
    )
    assert ' first.py w/first_stage/iter_4.pth --out w/ps' in short(label)
    assert short(label).endswith(f'--share 0.4 {tail} --gpus 2')
    assert f'--work-dir w --seed 3 {tail} {LABELS}=' in short([0, *again])


def test_images_that_both_stages_read_are_translated_once(
    second_stage, reproduce, tmp_path
):
    looks = dict(translation=dict(translator='fourier', beta=0.05))
    second_stage(looks, **looks)
    commands = reproduce('--dry-run')
    names = [short(command).split(' --')[0] for command in commands]
    folder = 'work_dirs/first_seed0/translated'
    assert names == [
        '-m mmseg_balance translate first.py',
        'train.py first.py',
        '-m mmseg_balance pseudo-labels first.py '
        'work_dirs/first_seed0/iter_6.pth',
        'train.py second.py',
        'test.py second.py work_dirs/second_seed0/iter_6.pth',
    ]
    assert short(commands[0]).endswith(
        f'--out {folder} --translator fourier --beta 0.05'
    )
    for command in commands[1:]:
        assert f'{ROOT}={tmp_path / folder}' in command


def test_a_translator_and_its_network_are_trained_before(
    second_stage, uda_config, reproduce, tmp_path
):
    network = uda_config('network')
    segmentation = dict(config=str(network), checkpoint='later')
    translator = uda_config('gan', **{'model.segmentation': segmentation})
    second_stage(
        dict(translation=dict(translator=str(translator), own_size=True))
    )
    commands = reproduce('--dry-run')
    names = [short(command).split(' --')[0] for command in commands[:4]]
    assert names == [
        'train.py network.py',
        'train.py gan.py',
        '-m mmseg_balance translate first.py',
        'train.py first.py',
    ]
    last = tmp_path / 'work_dirs/network_seed0/iter_6.pth'
    assert commands[1][-1] == f'model.segmentation.checkpoint={last}'
    words = short(commands[2])
    assert '--translator gan.py work_dirs/gan_seed0/iter_6.pth' in words
    assert words.endswith('--own-size')
    # where other rows find them
    assert '--out work_dirs/gan_seed0/translated ' in words


def test_one_translator_of_both_stages(second_stage, uda_config, reproduce):
    looks = dict(translation=dict(translator=str(uda_config('gan'))))
    second_stage(looks, **looks)
    commands = reproduce('--dry-run', '--work-dir', 'w')
    folders = [
        Path(c[c.index('--work-dir') + 1])
        for c in commands
        if '--work-dir' in c
    ]
    first = Path('w/first_stage')
    assert folders == [first / 'translator', first, Path('w'), Path('w/test')]


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        ('first_stage', 'first.py', r'first_stage is .*dict\(config='),
        ('first_stage', dict(config='first.py', labels={}), 'first_stage is'),
        (
            'first_stage',
            dict(config='first.py', pseudo_labels=dict(median=1)),
            "pseudo_labels has 'median', expected some of share, cap",
        ),
        ('first_stage', dict(config='second.py'), 'builds on itself'),
        ('first_stage', dict(config='frist.py'), 'no config file frist.py'),
        ('translation', 'fourier', 'translation is .*expected a dict'),
        ('translation', dict(look='lab'), "translation has 'look'"),
        ('test_dataloader', None, 'second.py has no test_dataloader'),
    ],
)
def test_keys_that_are_not_right(
    second_stage, reproduce, key, value, message, tmp_path
):
    second_stage(**{key: value})
    with pytest.raises(SystemExit, match=f'(?s)^error: .*{message}'):
        reproduce('--dry-run')


def test_two_stages_killed_and_begun_again(
    second_stage, reproduce, capsys, monkeypatch
):
    second_stage()
    reproduce('--work-dir', 'whole')
    assert re.search(r'second.py\nmIoU +[\d.]+\n', capsys.readouterr().out)
    plain = Reproduction.run

    def dies(self, command, work_dir=None):
        plain(self, command, work_dir)
        if str(work_dir) == 'killed':
            # as if in the midst of the second stage
            Path('killed/iter_6.pth').unlink()
            raise KeyboardInterrupt

    monkeypatch.setattr(Reproduction, 'run', dies)
    with pytest.raises(SystemExit):
        reproduce('--work-dir', 'killed')
    assert latest_checkpoint(Path('killed')).name == 'iter_3.pth'
    assert not Path('killed/test').exists()
    monkeypatch.setattr(Reproduction, 'run', plain)
    commands = reproduce('--work-dir', 'killed')
    assert commands[2][-4:-2] == ['--resume', 'auto']
    whole, killed = (
        torch.load(f'{name}/iter_6.pth')['state_dict']
        for name in ('whole', 'killed')
    )
    assert all(torch.equal(v, killed[k]) for k, v in whole.items())
    label = 'pseudo_labels/0_mine.png'
    names = ('whole', 'killed')
    one, other = (Path(n, label).read_bytes() for n in names)
    assert one == other
    (file,) = Path('whole').glob('2*/*.log')
    assert 'labelled.decode.loss_blda' in file.read_text()


def test_labels_of_a_first_stage_with_other_names_are_named(
    second_stage, reproduce
):
    key = 'train_dataloader.dataset.target.seg_map_suffix'
    second_stage(**{key: '_other.png'})
    with pytest.raises(
        SystemExit, match="'_other.png'.*pseudo-labels .*first.py "
    ):
        reproduce()


def test_a_second_stage_that_is_trained_before_the_first(
    second_stage, run_tool, capsys
):
    config = second_stage(**{LABELS: 'later'})
    words = r'later does not exist.*pseudo-labels .*first\.py CHECKPOINT'
    with pytest.raises(SystemExit, match=words):
        run_tool('train.py', config, '--work-dir', 'w')
    assert 'nothing reads first_stage' not in capsys.readouterr().err


def test_seeds_of_a_config(second_stage, run_tool, reproduce, capsys):
    second_stage()
    commands = reproduce('--seeds', '0', '1', '--dry-run')
    assert [short(c).split(' --')[0][:8] for c in commands] == [
        *('train.py', '-m mmseg', 'train.py', 'test.py ') * 2
    ]
    with pytest.raises(SystemExit, match='no config file none.py'):
        run_tool('reproduce.py', 'none.py', '--dry-run')
