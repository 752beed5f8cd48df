"""tools/test.py on images of one name in several folders."""

import shutil

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

PLACES = ('north/a', 'south/a', 'south/b')


@pytest.fixture
def nested(tiny_config, street_data, tmp_path, monkeypatch):
    """Config of a test on three images, two of one name; and weights."""
    monkeypatch.chdir(tmp_path)
    for kind in ('img', 'ann'):
        for i, place in enumerate(PLACES):
            path = tmp_path / 'data' / kind / f'{place}.png'
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(street_data / kind / 'val' / f'{i}.png', path)

    def make(evaluator):
        path = tiny_config()
        cfg = Config.fromfile(path)
        data = cfg.test_dataloader.dataset
        data.data_root = str(tmp_path / 'data')
        data.data_prefix = dict(img_path='img', seg_map_path='ann')
        cfg.test_evaluator = evaluator
        cfg.dump(path)
        init_default_scope('mmseg')
        torch.manual_seed(0)
        model = MODELS.build(cfg.model)
        torch.save(dict(state_dict=model.state_dict()), 'weights.pth')
        return path, model.eval()

    return make


@pytest.mark.parametrize(
    'evaluator',
    [
        dict(type='BalancedIoUMetric'),
        dict(type='IoUMetric', iou_metrics=['mIoU']),
        dict(type='BalancedIoUMetric', format_only=True, output_dir='out'),
    ],
)
def test_each_image_has_its_files(nested, run_tool, tmp_path, evaluator):
    config, model = nested(evaluator)
    options = [] if 'output_dir' in evaluator else ['--out', 'out']
    run_tool('test.py', config, 'weights.pth', *options, '--show-dir', 'show')
    out = tmp_path / 'out'
    found = {p.relative_to(out).as_posix() for p in out.glob('**/*.png')}
    assert found == {f'{place}.png' for place in PLACES}
    pictures = {p.name for p in (tmp_path / 'show').glob('**/*.png')}
    assert pictures == {
        f'test_{place.replace("/", "_")}.png_0.png' for place in PLACES
    }

    # and they are those of that image
    for place in PLACES:
        image = cv2.imread(str(tmp_path / f'data/img/{place}.png'))
        data = dict(inputs=[torch.from_numpy(image.transpose(2, 0, 1))])
        images = model.data_preprocessor(data)['inputs']
        with torch.no_grad():
            label = model.encode_decode(
                images,
                [dict(ori_shape=image.shape[:2], img_shape=image.shape[:2])],
            ).argmax(1)
        saved = cv2.imread(str(out / f'{place}.png'), 0)
        assert np.array_equal(saved, label[0].numpy())


def test_no_file_of_a_user_is_lost(nested, run_tool, tmp_path):
    config, _ = nested(dict(type='BalancedIoUMetric'))
    labels = tmp_path / 'data/ann'
    before = (labels / 'north/a.png').read_bytes()
    with pytest.raises(SystemExit, match='has north/a.png and 2 more, which'):
        run_tool('test.py', config, 'weights.pth', '--out', labels)
    assert (labels / 'north/a.png').read_bytes() == before


def test_predictions_of_a_validation(nested, run_tool, tmp_path):
    config, _ = nested(dict(type='IoUMetric', iou_metrics=['mIoU']))
    cfg = Config.fromfile(config)
    cfg.val_dataloader = cfg.test_dataloader
    cfg.val_evaluator = dict(cfg.test_evaluator, output_dir='seen')
    cfg.default_hooks.visualization.update(draw=True, interval=1)
    cfg.train_cfg.update(max_iters=1, val_interval=1)
    cfg.param_scheduler = []
    cfg.dump(config)
    run_tool('train.py', config, '--work-dir', 'run')
    seen = tmp_path / 'seen'
    found = {p.relative_to(seen).as_posix() for p in seen.glob('**/*.png')}
    assert found == {f'{place}.png' for place in PLACES}
    pictures = {p.name for p in (tmp_path / 'run').glob('**/val_*.png')}
    assert pictures == {
        f'val_{place.replace("/", "_")}.png_1.png' for place in PLACES
    }
