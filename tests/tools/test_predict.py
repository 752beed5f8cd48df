"""``predict`` gives the labels of tools/test.py, and leaves nothing lost."""

import cv2
import numpy as np
import pytest
import torch
from helpers.random_weights import random_checkpoint
from helpers.stock_configs import (
    save_random_weights,
    small_stock_config,
    use_data,
)
from mmengine.config import Config
from mmseg.registry import DATASETS

from mmseg_balance.cli import predict
from mmseg_balance.cli.command import run_command
from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.statistics.file import save_statistics


@pytest.fixture(autouse=True)
def _in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run_predict(*args):
    run_command(predict, [str(arg) for arg in args])


@pytest.fixture
def statistics(tmp_path):
    torch.manual_seed(3)
    banks = LogitStatistics(3)
    for name in ('anchors', 'source', 'target'):
        bank = getattr(banks, name)
        bank.means.normal_(0, 3)
        bank.num_updates.fill_(1)
    save_statistics(tmp_path / 'statistics.pth', banks, {})
    return tmp_path / 'statistics.pth'


def labels_in(folder):
    return {
        p.relative_to(folder).as_posix(): cv2.imread(str(p), -1)
        for p in sorted(folder.glob('**/*.png'))
    }


def assert_equal(found, expected):
    assert found.keys() == expected.keys() and expected
    for name, label in expected.items():
        assert found[name].dtype == label.dtype == np.uint8
        assert np.array_equal(found[name], label), name


PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(44, 30), keep_ratio=True),
    dict(type='LoadAnnotations'),
    dict(type='PackSegInputs'),
]


@pytest.mark.parametrize('kind', ['plain', 'teacher'])
def test_labels_are_those_of_test_py(
    kind, tiny_config, street_data, run_tool, statistics, tmp_path
):
    config = tiny_config(**{'test_dataloader.dataset.pipeline': PIPELINE})
    if kind == 'teacher':
        cfg = Config.fromfile(config)
        cfg.model = dict(type='DACS', segmentor=cfg.model)
        cfg.dump(config)
    images = ['--input', street_data / 'img/val']
    weights = random_checkpoint(config, images[1], tmp_path / 'weights.pth')
    of_test = (
        ['--cfg-options', 'model.predict_with=teacher']
        if kind == 'teacher'
        else []
    )
    part = ['--part', 'teacher'] if kind == 'teacher' else []
    balance = ['--post-hoc', statistics, '--tau', 0.7, '--domain', 'source']
    expected = {}
    for name, options in dict(plain=[], balanced=balance).items():
        run_tool('test.py', config, weights, '--out', name, *options, *of_test)
        expected[name] = labels_in(tmp_path / name)
        for size in (1, 4):
            out = f'{name}_{size}'
            run_predict(
                *(config, weights, *images, '--out', out, *part, *options),
                *('--batch-size', size),
            )
            found = labels_in(tmp_path / out / 'labels')
            assert_equal(found, expected[name])
    several = [np.unique(label) for label in expected['plain'].values()]
    assert max(map(len, several)) > 1
    assert any(
        (expected['plain'][k] != expected['balanced'][k]).any()
        for k in expected['plain']
    )

    exporter = 'model_converters/export_segmentor.py'
    run_tool(exporter, config, weights, 'exported', *part)
    for name, options in dict(plain=[], balanced=balance).items():
        run_predict('exported', *images, '--out', f'x_{name}', *options)
        found = labels_in(tmp_path / f'x_{name}/labels')
        # the exported config has the test's pipeline too
        assert_equal(found, expected[name])


def test_a_stock_config_whose_ids_begin_at_1(run_tool, tmp_path):
    """SegFormer on ADE20K, of MMSegmentation's wheel."""
    cfg = small_stock_config('segformer', (32, 32))
    rng = np.random.default_rng(0)
    for kind, shape in dict(img=(36, 50, 3), ann=(36, 50)).items():
        (tmp_path / 'ade' / kind).mkdir(parents=True)
        for i in range(2):
            values = rng.integers(0, 151, shape, np.uint8)
            suffix = 'jpg' if kind == 'img' else 'png'
            cv2.imwrite(f'ade/{kind}/{i}.{suffix}', values)
    data = dict(
        data_root=str(tmp_path / 'ade'),
        data_prefix=dict(img_path='img', seg_map_path='ann'),
    )
    use_data(cfg, dict(train=data, val=data), (32, 32))
    cfg.visualizer.name = tmp_path.name
    cfg.dump(f'{tmp_path.name}.py')
    classes = DATASETS.get('ADE20KDataset').METAINFO['classes']
    weights = save_random_weights(cfg, tmp_path / 'weights.pth', classes)
    config = f'{tmp_path.name}.py'
    run_tool('test.py', config, weights, '--out', 'test')
    run_predict(config, weights, '--input', 'ade/img', '--out', 'own')
    expected = labels_in(tmp_path / 'test')
    assert_equal(labels_in(tmp_path / 'own/labels'), expected)
    assert min(label.min() for label in expected.values()) >= 1
    run_predict(
        *(config, weights, '--input', 'ade/img', '--out', 'numbers'),
        *('--ids', 'class'),
    )
    for name, label in labels_in(tmp_path / 'numbers/labels').items():
        assert np.array_equal(label + 1, expected[name])
