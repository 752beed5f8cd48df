"""What is wrong with a config ends train.py and test.py with one line."""

import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmseg.registry import HOOKS


@HOOKS.register_module()
class RemovingHook(Hook):
    """Takes the data away while a training runs."""

    def __init__(self, folder):
        self.folder = folder

    def after_train_iter(self, runner, *args, **kwargs):
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def refusal(run_tool, tiny_config, tmp_path, monkeypatch):
    """The line that a training with some overrides ends with."""
    monkeypatch.chdir(tmp_path)

    def refusal(*options, args=(), changes=None):
        with pytest.raises(SystemExit) as exit_:
            run_tool(
                'train.py',
                tiny_config(**(changes or {})),
                *('--work-dir', 'run', *args),
                *(['--cfg-options', *options] if options else []),
            )
        message = str(exit_.value)
        assert message.startswith('error: ')
        assert len(message.splitlines()) == 1
        return message

    return refusal


@pytest.mark.parametrize(
    'option, message',
    [
        (
            'model.decode_head.type=SegformerHed',
            "model.decode_head.type: 'SegformerHed' is not registered as a "
            "model; did you mean 'SegformerHead'",
        ),
        (
            'model.backbone.embed_dim=8',
            'model.backbone.embed_dim: MixVisionTransformer takes no such '
            'argument; did you mean embed_dims?',
        ),
        (
            'train_cfg.max_iter=6',
            'train_cfg.max_iter: .*; did you mean max_iters?',
        ),
        (
            'optim_wrapper.optimizer.momentun=0.9',
            'optim_wrapper.optimizer.momentun: SGD .*did you mean momentum?',
        ),
        (
            'param_scheduler.0.type=PolyRL',
            r"param_scheduler\[0\].type: 'PolyRL' is not .*'PolyLR'",
        ),
        (
            'param_scheduler.0.powr=1',
            r'param_scheduler\[0\].powr: .*did you mean power?',
        ),
        ('model.backbone.num_heads=3', '.'),
    ],
)
def test_the_key_is_named_and_the_traceback_kept(refusal, option, message):
    text = refusal(option)
    assert re.search(message, text)
    file = Path(
        re.search(r'\(traceback: (/.*/run/error_\S+\.txt)\)$', text)[1]
    )
    assert 'Traceback (most recent call last)' in Path(file).read_text()


def test_what_a_training_needs(refusal):
    for key in ('model', 'train_cfg', 'optim_wrapper'):
        assert f'has no {key}: add' in refusal(changes={key: None})
    for seed in (-1, 2**32):
        message = refusal(args=['--seed', seed])
        assert f'the seed is {seed}, expected a number from 0' in message
    assert not Path('run').exists()  # nothing that a traceback would explain


def test_failed_build_leaves_earlier_checkpoints(refusal):
    Path('run').mkdir()
    torch.save({}, 'run/iter_6.pth')
    for option in (
        'param_scheduler.0.type=PolyRL',
        'optim_wrapper.optimizer.lrr=1',
    ):
        refusal(option)
    assert Path('run/iter_6.pth').is_file()
    assert not Path('run/earlier_1').exists()


def test_labels_of_the_evaluation_are_checked_first(
    refusal, run_tool, tiny_config, street_data, tmp_path
):
    for split in ('img', 'ann'):
        folder = tmp_path / 'bad' / split / 'val'
        folder.mkdir(parents=True)
        image = np.full((40, 48), 7, np.uint8)
        cv2.imwrite(str(folder / '0.png'), image)
    options = [
        f'{loader}.dataset.data_root={tmp_path / "bad"}'
        for loader in ('val_dataloader', 'test_dataloader')
    ]
    assert '0.png' in refusal(options[0])
    run_tool('train.py', tiny_config(), '--work-dir', 'good')
    with pytest.raises(SystemExit, match=r'error: .*0\.png'):
        run_tool(
            'test.py',
            tiny_config(),
            'good/iter_6.pth',
            *('--work-dir', 'test', '--cfg-options', options[1]),
        )


def test_error_without_a_text_shows_its_line(tmp_path):
    from mmseg_balance.configuration.error_lines import build_or_exit

    def build():
        raise AssertionError  # as many checks of mmengine and timm do

    with pytest.raises(SystemExit, match='AssertionError: raise AssertionErr'):
        build_or_exit(build, tmp_path)
    assert len(list(tmp_path.glob('error_*.txt'))) == 1


def test_new_keys_are_named(run_tool, tiny_config, tmp_path, capsys):
    run_tool(
        'train.py',
        tiny_config(randomness=dict(seed=1)),
        *('--work-dir', tmp_path / 'run', '--cfg-options'),
        *('randomnes.seed=3', 'train_cfg.max_iters=2', 'something=1'),
    )
    lines = capsys.readouterr().err.splitlines()
    assert [x for x in lines if '--cfg-options' in x] == [
        'warning: --cfg-options: randomnes is new; did you mean randomness?'
    ]


def test_help_names_a_key_of_the_shipped_configs(run_tool, tools, capsys):
    from mmengine.config import Config

    with pytest.raises(SystemExit):
        run_tool('train.py', '--help')
    key = re.search(r'(model\.\S+\.tau)=', capsys.readouterr().out)[1]
    name = 'dacs/dacs_blda_lite0_300_toy2toy-256x256.py'
    value = Config.fromfile(tools.parent / 'configs' / name)
    for part in key.split('.'):
        value = value[part]
    assert value == 0.1


def test_nothing_that_is_given_is_ignored(refusal, capsys):
    hooks = ['TeacherUpdateHook', 'TeacherUpdateHook']
    message = refusal(
        changes=dict(custom_hooks=[dict(type=hook) for hook in hooks])
    )
    assert 'custom_hooks[0] and custom_hooks[1] are both' in message
    assert 'FlexibleRunner' in refusal('runner_type=FlexibleRunner')
    assert "['fullgraph']" in refusal('compile.fullgraph=True')
    # a line, and the run goes on to the mistake behind it
    refusal('train_cfg.max_iter=1', changes=dict(optimiser=dict(lr=1)))
    assert 'warning: nothing reads optimiser of' in capsys.readouterr().err


def test_what_stops_a_training_is_one_line(refusal, street_data, tmp_path):
    message = refusal('optim_wrapper.optimizer.lr=1e30')
    assert re.match(
        r'error: The loss is nan in iteration \d and the 1 before it: lower '
        'optim_wrapper.optimizer.lr',
        message,
    )
    # files that go away behind the checks, in a process that loads them
    data = tmp_path / 'data'
    shutil.copytree(street_data, data)
    message = refusal(
        f'train_dataloader.dataset.data_root={data}',
        'train_dataloader.num_workers=1',
        'train_dataloader.persistent_workers=True',
        changes=dict(
            custom_hooks=[dict(type='RemovingHook', folder=str(data))]
        ),
    )
    assert re.match(
        rf'error: train_dataloader.dataset image {data}/img/train/\d.png '
        r'cannot be read or decoded \(FileNotFoundError: .*\); the folder '
        rf'{data}/img/train is not there, or no longer: bring it back .*; a '
        'training then goes on with --resume$',
        message,
    )


@pytest.mark.parametrize('number', [2, 4])
def test_validation_has_the_classes_of_the_model(refusal, number):
    names = ['sky', 'road', 'car', 'bus'][:number]
    metainfo = dict(classes=names, palette=[[0, 0, 0]] * number)
    changes = {'val_dataloader.dataset.metainfo': metainfo}
    if number == 2:  # values that two classes allow
        changes['val_dataloader.dataset.reduce_zero_label'] = True
    message = refusal(changes=changes)
    assert 'num_classes is 3' in message
    assert f'of val_dataloader has {number} classes' in message
    assert 'metainfo.classes of val_dataloader.dataset' in message
