"""What MMSegmentation's tools offer for segmentors, on UDA models."""

import json
import re

import pytest
import torch
from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS, MODELS


@pytest.fixture
def uda(tiny_config, tmp_path, monkeypatch):
    """Config and checkpoint of a UDA model, and its segmentor's config."""
    monkeypatch.chdir(tmp_path)
    config = tiny_config()
    cfg = Config.fromfile(config)
    plain = cfg.model
    cfg.model = dict(type='DACS', segmentor=plain)
    cfg.dump(config)
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    torch.save(dict(state_dict=model.state_dict()), 'weights.pth')
    return config, model.eval(), plain


def test_mirrored_predictions(uda, run_tool, tmp_path, capsys):
    """The mean of the probabilities of an image and its mirror image."""
    config, model, _ = uda
    run_tool('test.py', config, 'weights.pth', '--tta', '--work-dir', 'w')
    assert 'each image is tested with its mirror' in capsys.readouterr().out
    (file,) = (tmp_path / 'w').glob('*/*.json')
    found = json.loads(file.read_text())['aAcc']

    cfg = Config.fromfile(config)
    right = total = 0
    for sample in DATASETS.build(cfg.test_dataloader.dataset):
        label = sample['data_samples'].gt_sem_seg.data[0]
        image = sample['inputs'][[2, 1, 0]].float()[None]
        image = (image - 90) / 60
        with torch.no_grad():
            logits = [
                model.student.encode_decode(x, [dict(img_shape=x.shape[2:])])
                for x in (image, image.flip(3))
            ]
        mean = logits[0].softmax(1) + logits[1].flip(3).softmax(1)
        known = label != 255
        right += int((mean[0].argmax(0) == label)[known].sum())
        total += int(known.sum())
    assert found == pytest.approx(100 * right / total, abs=0.1)


def test_operations_of_the_segmentor(uda, run_tool, capsys):
    config, _, plain = uda
    tool = 'analysis_tools/get_flops.py'
    run_tool(tool, config, '--shape', 40, 48, '--device', 'cpu')
    output = capsys.readouterr().out
    flops, params = re.search(
        r': ([\d.]+) GFLOPs.* ([\d.]+) M', output
    ).groups()
    expected = get_model_complexity_info(
        MODELS.build(plain).eval(),
        (3, 40, 48),
        show_table=False,
        show_arch=False,
    )
    assert float(flops) == round(expected['flops'] / 1e9, 3) > 0
    assert float(params) == round(expected['params'] / 1e6, 3) > 0
    with pytest.raises(SystemExit, match=r'two sides in pixels, but got \[0'):
        run_tool(tool, config, '--shape', 0, 48)


def test_images_of_one_channel(tiny_config, run_tool, tmp_path, monkeypatch):
    """Thermal images, from their files to the scores."""
    monkeypatch.chdir(tmp_path)
    config = tiny_config()
    cfg = Config.fromfile(config)
    grey = dict(type='LoadImageFromFile', color_type='grayscale')
    for loader in ('train', 'val', 'test'):
        cfg[f'{loader}_dataloader'].dataset.pipeline[0] = grey
    cfg.model.backbone.in_channels = 1
    cfg.model.data_preprocessor.update(
        mean=[90.0], std=[60.0], bgr_to_rgb=False
    )
    data = cfg.train_dataloader.dataset
    cfg.train_dataloader.dataset = dict(
        type='UDADataset', source=data, target=data
    )
    cfg.model = dict(
        type='DACS',
        segmentor=cfg.model,
        jitter_probability=1.0,
        masked_consistency=dict(block_size=8),
    )
    cfg.merge_from_dict(
        {
            'train_cfg.max_iters': 2,
            'train_cfg.val_interval': 2,
            'default_hooks.checkpoint.interval': 2,
            'param_scheduler': [],
        }
    )
    cfg.dump(config)
    run_tool('train.py', config, '--work-dir', 'run')
    run_tool('test.py', config, 'run/iter_2.pth', '--tta', '--work-dir', 't')
    (file,) = (tmp_path / 't').glob('*/*.json')
    assert json.loads(file.read_text())['aAcc'] > 0
    tool = 'analysis_tools/fit_logit_statistics.py'
    run_tool(tool, config, 'run/iter_2.pth', '--out', 's.pth')
    run_tool('browse.py', config, '--num', 1, '--checkpoint', 'run/iter_2.pth')
    assert list(tmp_path.glob('work_dirs/*/browse/sample_000.png'))
