"""MMSegmentation's own tools on a UDA model, in a process that has ours."""

import runpy
import sys
import time
from pathlib import Path

import mmseg
import pytest
import torch
from mmengine.config import Config

TOOLS = Path(mmseg.__file__).parent / '.mim' / 'tools'
CROP = (32, 32)


@pytest.fixture
def stock(monkeypatch, tmp_path):
    """Run a tool of MMSegmentation's wheel."""
    monkeypatch.chdir(tmp_path)

    def run(name, *args):
        path = str(TOOLS / name)
        monkeypatch.setattr(sys, 'argv', [path, *map(str, args)])
        runpy.run_path(path, run_name='__main__')

    return run


@pytest.fixture
def uda_config(tiny_config):
    path = tiny_config()
    cfg = Config.fromfile(path)
    cfg.model.data_preprocessor.size = CROP
    cfg.model = dict(type='DACS', segmentor=cfg.model)
    source = cfg.train_dataloader.dataset
    load, annotations, pack = source.pipeline
    crop = dict(type='RandomCrop', crop_size=CROP)
    source.pipeline = [load, annotations, crop, pack]
    target = dict(source, pipeline=[load, crop, pack])
    cfg.train_dataloader.dataset = dict(
        type='UDADataset', source=source, target=target
    )
    cfg.optim_wrapper.constructor = 'StudentOptimWrapperConstructor'
    cfg.train_cfg = dict(
        type='ResumableIterBasedTrainLoop', max_iters=2, val_interval=2
    )
    cfg.param_scheduler[0].end = 2
    cfg.custom_hooks = [
        dict(type='IterationSeedHook'),
        dict(type='TeacherUpdateHook'),
    ]
    cfg.default_hooks.checkpoint.interval = 2
    cfg.dump(path)
    return path


def test_tools_that_work(stock, uda_config, capsys):
    stock('train.py', uda_config, '--work-dir', 'run')
    checkpoint = 'run/iter_2.pth'
    stock('test.py', uda_config, checkpoint, '--out', 'predictions')
    assert 'mIoU' in capsys.readouterr().out
    stock('misc/print_config.py', uda_config)
    assert "type='DACS'" in capsys.readouterr().out
    stock('misc/publish_model.py', checkpoint, 'published.pth')
    while Path('published.pth').exists():  # it is moved by a process
        time.sleep(0.01)
    (published,) = Path().glob('published-*.pth')
    content = torch.load(published)
    assert 'optimizer' not in content
    assert any(k.startswith('teacher.') for k in content['state_dict'])
    with pytest.raises(KeyError, match='classes'):
        stock(
            'analysis_tools/confusion_matrix.py',
            uda_config,
            'predictions',
            'cm',
        )
    stock('analysis_tools/benchmark.py', uda_config, checkpoint)
    assert 'Average fps' in capsys.readouterr().out


def test_a_tool_that_builds_segmentors_alone(stock, uda_config):
    with pytest.raises(TypeError, match="argument 'test_cfg'"):
        stock('deployment/pytorch2torchscript.py', uda_config)
