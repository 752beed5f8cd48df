"""Outputs of a student at the size of the image, by its own heads."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mmseg_balance.models.uda.entropy.self_information import (
    entropy,
    max_square,
)
from mmseg_balance.models.uda.teacher.image_logits import (
    image_logits,
    output_heads,
    recorded_logits,
)


@pytest.fixture
def model(build, segmentor):
    """A student with two heads of different classes' scores."""
    head = segmentor()['decode_head']
    cfg = segmentor(auxiliary_head=dict(head))
    cfg['decode_head']['align_corners'] = True
    model = build('MinEnt', segmentor=cfg)
    for part in (model.student.decode_head, model.student.auxiliary_head):
        nn.init.normal_(part.conv_seg.weight)
    model.student.eval()
    return model


def expected_logits(model, images):
    student = model.student
    features = student.extract_feat(images)
    return {
        name: F.interpolate(
            head(features), (24, 40), mode='bilinear', align_corners=corners
        )
        for name, head, corners in (
            ('decode', student.decode_head, True),
            ('aux', student.auxiliary_head, False),
        )
    }


def test_each_head_is_resized_in_its_own_way(model):
    images = torch.randn(2, 3, 24, 40)
    expected = expected_logits(model, images)
    found = image_logits(model.student, images)
    assert set(found) == set(output_heads(model.student)) == {'decode', 'aux'}
    for name, logits in found.items():
        torch.testing.assert_close(logits, expected[name])
    assert set(image_logits(model.student, images, False)) == {'decode'}
    assert not torch.equal(expected['decode'], expected['aux'])


@pytest.mark.parametrize('auxiliary', [True, False])
def test_what_the_losses_are_given_is_noted(model, batch, auxiliary):
    step = model.prepare(batch())
    losses = [
        head.loss_decode for head in output_heads(model.student).values()
    ]
    with recorded_logits(model.student, auxiliary) as seen:
        model.objectives[0](model.student, step)
    expected = image_logits(model.student, step.source_images, auxiliary)
    assert set(seen) == set(expected)
    for name, logits in seen.items():
        torch.testing.assert_close(logits, expected[name])
        assert not logits.requires_grad
    assert not any(loss._forward_pre_hooks for loss in losses)


@pytest.mark.parametrize(
    'kind, function', [('entropy', entropy), ('max_square', max_square)]
)
def test_each_output_has_its_weight(model, batch, kind, function):
    objective = type(model.objectives[1])(
        kind, loss_weight=0.5, auxiliary_loss_weight=0.25
    )
    step = model.prepare(batch(target_size=24))
    outputs = image_logits(model.student, step.target_images)
    losses = objective(model.student, step)
    assert set(losses) == {f'decode.loss_{kind}', f'aux.loss_{kind}'}
    for name, weight in (('decode', 0.5), ('aux', 0.25)):
        torch.testing.assert_close(
            losses[f'{name}.loss_{kind}'],
            weight * function(outputs[name], step.target_valid),
        )
    alone = type(objective)(kind, auxiliary_loss_weight=0)
    assert set(alone(model.student, step)) == {f'decode.loss_{kind}'}
