"""The tools on configs that MMSegmentation ships, as they are but small."""

import json

import cv2
import numpy as np
import pytest
import torch
from helpers.stock_configs import (
    NETWORKS,
    save_random_weights,
    small_stock_config,
    use_data,
)
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS, MODELS

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.statistics.file import save_statistics

SIZE = (32, 32)
FIT = 'analysis_tools/fit_logit_statistics.py'
SWEEP = 'analysis_tools/sweep_tau.py'
BIAS = 'analysis_tools/assess_bias.py'


@pytest.fixture(scope='module')
def stock_data(tmp_path_factory):
    """Three images in the layouts of ADE20K and of Cityscapes."""
    root = tmp_path_factory.mktemp('stock')
    rng = np.random.default_rng(0)
    for i in range(3):
        label = np.repeat(rng.integers(0, 19, 5), 8)[:, None].repeat(48, 1)
        image = label[..., None] * 12 + rng.integers(0, 20, (40, 48, 3))
        label[:, -4:] = 255
        for file, array in (
            (f'ade/img/{i}.jpg', image),
            # 0 is what is not labelled
            (f'ade/ann/{i}.png', np.where(label == 255, 0, label + 1)),
            (f'cityscapes/img/x/{i}_leftImg8bit.png', image),
            (f'cityscapes/ann/x/{i}_gtFine_labelTrainIds.png', label),
        ):
            path = root / file
            path.parent.mkdir(parents=True, exist_ok=True)
            if 'ade' in file:  # 150 classes take time
                array = array[:32, :32]
            cv2.imwrite(str(path), array.astype(np.uint8))
    return root


@pytest.fixture
def stock(stock_data, tmp_path, monkeypatch):
    """Write a small stock config; returns it and its file."""
    monkeypatch.chdir(tmp_path)

    def write(name, change=lambda cfg: None):
        cfg = small_stock_config(name, SIZE)
        is_ade = 'ade' in NETWORKS[name][0]
        data = dict(
            data_root=str(stock_data / ('ade' if is_ade else 'cityscapes')),
            data_prefix=dict(img_path='img', seg_map_path='ann'),
        )
        use_data(cfg, dict(train=data, val=data), SIZE)
        if is_ade:  # each of 150 classes takes its time
            cfg.test_dataloader.dataset.indices = [0]
        cfg.visualizer.name = f'{tmp_path.name}_{name}'
        change(cfg)
        path = tmp_path / f'{tmp_path.name}_{name}.py'
        cfg.dump(path)
        return cfg, path

    return write


def scores_of(folder):
    (file,) = folder.glob('*/*.json')
    return json.loads(file.read_text())


def with_blda(cfg):
    head = cfg.model.decode_head
    head.loss_decode = dict(
        type='BLDALoss', num_classes=head.num_classes, min_samples=20
    )
    cfg.custom_hooks = [dict(type='GMMUpdateHook')]


def test_train_with_blda_fit_sweep_bias_and_balance(
    stock, run_tool, stock_data, tmp_path
):
    cfg, path = stock('deeplabv3plus', with_blda)
    run_tool('train.py', path, '--work-dir', 'run')
    checkpoint = tmp_path / 'run/iter_2.pth'
    state = torch.load(checkpoint)['state_dict']
    key = 'decode_head.loss_decode.statistics.source.num_updates'
    assert state[key].max() == 2  # both iterations, by the hook

    images = ['--target-images', stock_data / 'ade/img']
    few = ['--num-components', 2]
    run_tool(FIT, path, checkpoint, *images, *few, '--out', 'statistics.pth')
    run_tool(SWEEP, path, checkpoint, 'statistics.pth', '--taus', 0, 0.5)
    (sweep,) = tmp_path.glob('work_dirs/*/tau_sweep/*.json')
    rows = json.loads(sweep.read_text())['scores']
    post_hoc = ['--post-hoc', 'statistics.pth', '--tau', 0.5]
    for options, row in zip(([], post_hoc), rows, strict=True):
        folder = tmp_path / f'test{row["tau"]}'
        run_tool('test.py', path, checkpoint, '--work-dir', folder, *options)
        # mmseg's own metric rounds to two digits
        assert scores_of(folder)['aAcc'] == pytest.approx(
            row['aAcc'], abs=0.006
        )
    run_tool(BIAS, path, checkpoint)
    assert list(tmp_path.glob('work_dirs/*/bias/bias.json'))


@pytest.fixture
def known_statistics(tmp_path):
    """Statistics by which class 0 is predicted everywhere."""

    def write(num_classes):
        statistics = LogitStatistics(num_classes)
        for bank in (
            statistics.source,
            statistics.target,
            statistics.anchors,
        ):
            bank.num_updates.fill_(1)
        statistics.target.means += 50
        statistics.target.means[:, 0] -= 100
        path = tmp_path / 'known.pth'
        save_statistics(path, statistics, {})
        return path

    return write


@pytest.mark.parametrize('name', ['segformer', 'pspnet'])
def test_post_hoc(name, stock, run_tool, known_statistics, tmp_path):
    """Top-level and nested ``data_preprocessor``, 19 and 150 classes."""
    cfg, path = stock(name)
    assert cfg.data_preprocessor == cfg.model.data_preprocessor
    classes = DATASETS.get(cfg.dataset_type).METAINFO['classes']
    weights = save_random_weights(cfg, tmp_path / 'weights.pth', classes)
    file = known_statistics(len(classes))
    tta = ['--tta'] if name == 'pspnet' else []
    run_tool(
        'test.py', path, weights, '--out', 'out', '--post-hoc', file, *tta
    )
    pngs = sorted(tmp_path.glob('out/**/*.png'))
    assert len(pngs) == len(cfg.test_dataloader.dataset.get('indices', '123'))
    first = 1 if cfg.dataset_type == 'ADE20KDataset' else 0
    for png in pngs:
        assert (cv2.imread(str(png), 0) == first).all()


@pytest.mark.parametrize('name', sorted(NETWORKS))
def test_both_wrappers_take_the_model(name, stock, known_statistics):
    """As the runner builds it, and with the predictions of the segmentor."""
    cfg, _ = stock(name)
    init_default_scope('mmseg')
    torch.manual_seed(0)
    plain = MODELS.build(cfg.model.copy()).eval()
    file = known_statistics(plain.num_classes)
    post_hoc = dict(type='PostHocSegmentor', statistics=str(file), tau=0.0)
    image = torch.randint(255, (3, *SIZE), dtype=torch.uint8)
    with torch.no_grad():
        expected = plain.test_step(dict(inputs=[image]))[0].seg_logits.data
    for kind in (dict(type='SourceOnly'), post_hoc):
        model = MODELS.build(
            ConfigDict(
                **kind,
                segmentor=cfg.model,
                data_preprocessor=cfg.data_preprocessor,
            )
        ).eval()
        own = getattr(model, 'student', model)
        own.load_state_dict(plain.state_dict())
        predictor = getattr(model, 'segmentor', model)
        with torch.no_grad():
            (found,) = predictor.test_step(dict(inputs=[image]))
        torch.testing.assert_close(found.seg_logits.data, expected)


def test_uda_around_a_stock_model(stock, run_tool, stock_data, tmp_path):
    """Its file is the base, and the runner hands its preprocessor on."""

    def change(cfg):
        del cfg.model['data_preprocessor']  # the top-level one is left
        # the losses of both are in the log by name
        head = cfg.model.auxiliary_head
        cfg.model.auxiliary_head = [head, dict(head)]

    _, base = stock('pspnet', change)
    path = tmp_path / f'{tmp_path.name}_uda.py'
    path.write_text(f"""
_base_ = ['{base.name}']
model = dict(_delete_=True, type='DACS', segmentor={{{{_base_.model}}}})
data = {{{{_base_.train_dataloader.dataset}}}}
train_dataloader = dict(
    dataset=dict(
        _delete_=True, type='UDADataset', source=data, target=data))
custom_hooks = [dict(type='IterationSeedHook'), dict(type='TeacherUpdateHook')]
""")
    run_tool('train.py', path, '--work-dir', 'run')
    (file,) = tmp_path.glob('run/*/vis_data/scalars.json')
    logged = json.loads(file.read_text().splitlines()[0])
    assert {'src.aux_0.loss_ce', 'src.aux_1.loss_ce'} <= logged.keys()
    run_tool('test.py', path, 'run/iter_2.pth', '--work-dir', 'test', '--tta')
    assert scores_of(tmp_path / 'test')['aAcc'] >= 0
    run_tool(FIT, path, 'run/iter_2.pth', '--out', 'statistics.pth')
    run_tool('test.py', path, 'run/iter_2.pth', '--post-hoc', 'statistics.pth')
