"""Segments of a panoptic segmentor whose classes are balanced."""

import pytest
import torch
from helpers.tiny_networks import tiny_panoptic
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS

from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.statistics.file import save_statistics

BOTTOM_UP = dict(
    type='CenterOffsetHead', channels=16, fusion=dict(stuff_area=0)
)


@pytest.fixture
def statistics(tmp_path):
    """Distributions by which class 1 is predicted far too often."""
    fitted = LogitStatistics(4)
    for bank in (fitted.source, fitted.target, fitted.anchors):
        bank.num_updates.fill_(1)
    for bank in (fitted.source, fitted.target):
        bank.means[:, 1] += 50
    path = tmp_path / 'statistics.pth'
    save_statistics(path, fitted, {})
    return str(path)


@pytest.mark.parametrize('is_uda', [False, True])
def test_segments_are_of_the_balanced_classes(statistics, is_uda):
    init_default_scope('mmseg')
    torch.manual_seed(0)
    segmentor = tiny_panoptic(BOTTOM_UP, things=(3,))
    if is_uda:
        segmentor = dict(type='DACS', segmentor=segmentor)
    plain = MODELS.build(ConfigDict(segmentor)).eval()
    part = plain.student if is_uda else plain
    part.decode_head.conv_seg.bias.data[1] = 50.0
    balanced = MODELS.build(
        dict(
            type='PostHocSegmentor',
            segmentor=plain,
            statistics=statistics,
            tau=1.0,
        )
    )
    images = torch.randn(2, 3, 24, 32)
    for sample in balanced.predict(images):
        labels = sample.pred_sem_seg.data
        assert torch.equal(sample.seg_logits.data.argmax(0), labels[0])
        found = sample.pred_panoptic_seg.data // 1000
        assert (labels != 1).float().mean() > 0.5
        segments = found != 255  # stuff, and things with a centre
        assert torch.equal(found[segments].long(), labels[segments])
        assert segments.float().mean() > 0.3
    part.rescore = None
    for sample in plain(images, mode='predict'):
        assert (sample.pred_sem_seg.data == 1).all()
        assert (sample.pred_panoptic_seg.data == 1000).all()
