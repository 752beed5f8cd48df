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
