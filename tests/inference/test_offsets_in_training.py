"""What a loss does with offsets, and how its distributions are read."""

import pytest
import torch
from mmengine.config import Config
from mmseg.models.decode_heads import FCNHead
from torch import nn

from mmseg_balance.inference.offsets_in_training import (
    following_loss,
    take_clip,
    use_in_training,
    use_line,
)
from mmseg_balance.inference.passes.offsets_pass import other_pipeline
from mmseg_balance.logits import LogitStatistics, load_statistics
from mmseg_balance.logits.statistics.file import save_statistics


def model_with(**loss):
    """A model whose decode head has a loss."""
    model = nn.Module()
    model.decode_head = FCNHead(
        in_channels=2, channels=2, num_classes=3, num_convs=1,
        loss_decode=dict(type='CrossEntropyLoss') | loss,
    )  # fmt: skip
    return model


def blda(**settings):
    return model_with(type='BLDALoss', num_classes=3, **settings)


@pytest.mark.parametrize(
    'settings, expected',
    [
        (dict(tau=0.5), 'subtracts tau = 0.5 times offsets'),
        (dict(adjust='source'), 'none of targets'),
        (dict(tau=0), 'subtracts no offset'),
    ],
)
def test_what_a_training_subtracts_is_said(settings, expected):
    use = use_in_training(blda(**settings))
    line = use_line(use, 'own.py')
    assert line.endswith(expected) and 'own.py' in line
    assert use['adjust'] == settings.get('adjust', 'all')


def test_a_config_without_the_loss():
    model = model_with()
    assert following_loss(model) is None
    assert following_loss(nn.Module()) is None
    line = use_line(use_in_training(model), 'own.py')
    assert line == 'own.py has no BLDALoss: its training subtracts no offset'


def test_distributions_are_read_as_in_their_training(tmp_path):
    """By the clip of the loss, which a checkpoint does not have."""
    torch.manual_seed(0)
    model = blda(clip=0.2)
    own = model.decode_head.loss_decode.statistics
    for bank in (own.source, own.target, own.anchors):
        bank.means.normal_()
        bank.num_updates.fill_(1)
    checkpoint = tmp_path / 'iter_1.pth'
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    found, meta = load_statistics(checkpoint, 3)
    logits, labels = torch.randn(1, 3, 8, 8) * 4, torch.zeros(1, 8, 8).long()
    expected = own.offset(logits, labels)
    assert float((found.offset(logits, labels) - expected).abs().max()) > 0.1

    found, meta = load_statistics(checkpoint, 3)
    take_clip(found, meta, str(checkpoint), model)
    torch.testing.assert_close(found.offset(logits, labels), expected)

    # of a file of its own settings nothing is taken from a config
    path = tmp_path / 'statistics.pth'
    fitted = LogitStatistics(3, clip=0.05)
    fitted.load_state_dict(own.state_dict())
    save_statistics(path, fitted, dict(checkpoint=str(checkpoint)))
    found, meta = load_statistics(path, 3)
    take_clip(found, meta, str(path), model)
    assert found.clip == 0.05


def test_a_model_that_is_compared_and_tested_otherwise():
    def config(name, *steps):
        pipeline = [dict(type='LoadImageFromFile'), *steps]
        return Config(dict(test_pipeline=pipeline), '# a config', name)

    resize = dict(type='Resize', scale=(64, 32))
    first = config('first.py', resize)
    labels = dict(type='LoadAnnotations')
    assert other_pipeline(first, config('same.py', resize, labels)) is None
    line = other_pipeline(first, config('other.py'))
    assert 'other.py is another than that of first.py' in line
