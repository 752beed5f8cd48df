"""A panoptic student as a plain segmentor, for MMSegmentation's own tools."""

import json
import runpy
import sys
from pathlib import Path

import mmseg
import numpy as np
import pytest
import torch
from helpers.tiny_networks import tiny_mask_rcnn
from mmengine.config import Config
from mmengine.runner import load_checkpoint
from mmseg.apis import inference_model, init_model
from mmseg.registry import MODELS

HEADS = {
    'top-down': tiny_mask_rcnn,
    'bottom-up': lambda: dict(type='CenterOffsetHead', channels=16),
}


@pytest.mark.parametrize('kind', list(HEADS))
def test_an_exported_student(panoptic, run_tool, tmp_path, kind, monkeypatch):
    if kind == 'top-down':
        pytest.importorskip('mmdet')
    config, checkpoint = panoptic(HEADS[kind](), 'DACS')
    out = tmp_path / 'exported'
    run_tool(
        'model_converters/export_segmentor.py', config, checkpoint, out,
        '--part', 'student',
    )  # fmt: skip
    exported = Config.fromfile(out / 'config.py')
    assert 'mmseg_balance' in exported.custom_imports.imports
    files = str(out / 'config.py'), str(out / 'weights.pth')
    plain = init_model(*files, device='cpu')
    assert type(plain).__name__ == 'PanopticEncoderDecoder'

    # the same as the student that was trained
    image = np.random.default_rng(0).integers(0, 255, (24, 32, 3))
    model = MODELS.build(Config.fromfile(config).model).eval()
    load_checkpoint(model, str(checkpoint))
    model.cfg, model.predict_with = plain.cfg, 'student'
    with torch.no_grad():
        found, expected = (
            inference_model(m, image.astype(np.uint8)) for m in (plain, model)
        )
    for name in ('seg_logits', 'pred_panoptic_seg'):
        assert torch.equal(found.get(name).data, expected.get(name).data)
    assert len(found.pred_instances) == len(expected.pred_instances)

    # and what MMSegmentation's own test.py makes of it
    tool = str(Path(mmseg.__file__).parent / '.mim/tools/test.py')
    work_dir = tmp_path / 'test'
    args = [tool, *files, '--work-dir', str(work_dir)]
    monkeypatch.setattr(sys, 'argv', args)
    runpy.run_path(tool, run_name='__main__')
    (log,) = work_dir.glob('*/*.json')
    scores = json.loads(log.read_text())
    assert {'mIoU', 'mPQ', 'mPQ_things', 'PQ.car'} <= scores.keys()
