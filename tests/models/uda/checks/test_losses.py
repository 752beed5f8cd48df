"""Losses of others that cannot be called, logged or trained."""

import pytest
import torch
from mmseg.registry import MODELS
from torch import nn
from torch.nn import functional as F


def plain(self, cls_score, label, weight=None, ignore_index=255):
    loss = F.cross_entropy(
        cls_score, label, reduction='none', ignore_index=ignore_index
    )
    return (loss if weight is None else loss * weight).mean()


def a_loss(monkeypatch, **attributes):
    """A registered loss, whose attributes may be wrong."""
    attributes = dict(forward=plain, loss_name='loss_toy') | attributes
    kind = type('ToyLoss', (nn.Module,), attributes)
    monkeypatch.setitem(MODELS.module_dict, 'ToyLoss', kind)
    return dict(type='ToyLoss')


def dacs(segmentor, loss):
    return MODELS.build(dict(type='DACS', segmentor=segmentor(loss)))


@pytest.mark.parametrize(
    'attributes, message',
    [
        (dict(loss_name=None), 'ToyLoss has the loss_name None'),
        (
            dict(forward=lambda self, cls_score, label, weight=None: 0),
            'is called with cls_score, .* ignore_index=255, and raised Type',
        ),
        (dict(forward=lambda self, *a, **k: 0.5), 'gave 0.5, expected a t'),
    ],
)
def test_what_is_wrong_with_a_loss(
    segmentor, monkeypatch, attributes, message
):
    loss = a_loss(monkeypatch, **attributes)
    with pytest.raises(TypeError, match='decode_head.loss_decode.*' + message):
        dacs(segmentor, loss)


def test_a_loss_that_is_no_number(segmentor, monkeypatch):
    def broken(self, *args, **kwargs):
        return plain(self, *args, **kwargs) * float('nan')

    with pytest.raises(ValueError, match='ToyLoss.*gave nan for logits'):
        dacs(segmentor, a_loss(monkeypatch, forward=broken))


@pytest.mark.parametrize('kind', ['DACS', 'SourceOnly'])
def test_a_loss_that_is_not_trained_is_named(
    segmentor, monkeypatch, capfd, kind
):
    from mmengine.logging import MMLogger

    name = f'untrained{kind}'
    MMLogger.get_instance(name, logger_name=name)
    loss = a_loss(monkeypatch, loss_name='toy')
    losses = [dict(type='CrossEntropyLoss'), loss]
    MODELS.build(dict(type=kind, segmentor=segmentor(losses)))
    said = 'ToyLoss is logged and not trained, since its loss_name'
    assert ''.join(capfd.readouterr()).count(said) == 1


def test_a_model_of_losses_that_are_not_trained(
    build, batch, optimizers, monkeypatch
):
    model = build('DACS', loss=a_loss(monkeypatch, loss_name='toy'))
    with pytest.raises(ValueError, match=r"gave .*'decode.toy'.*contain 'l"):
        model.train_step(batch(), optimizers(model))


def test_a_loss_without_a_gradient(build, batch, optimizers, monkeypatch):
    def detached(self, *args, **kwargs):
        return plain(self, *args, **kwargs).detach()

    model = build('DACS', loss=a_loss(monkeypatch, forward=detached))
    with pytest.raises(ValueError, match='SourceObjective.*a gradient'):
        model.train_step(batch(), optimizers(model))
    assert all(torch.isfinite(p).all() for p in model.student.parameters())
