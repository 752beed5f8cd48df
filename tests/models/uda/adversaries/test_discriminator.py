"""The discriminator, and what it and the student are told by hand."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mmseg_balance.models.uda.adversaries.discriminator import (
    FCDiscriminator,
    frozen,
)


def test_it_is_five_convolutions_with_a_leaky_relu_between():
    net = FCDiscriminator(3, 2)
    maps = torch.randn(2, 3, 64, 96)
    expected, channels = maps, []
    convs = [net.conv1, net.conv2, net.conv3, net.conv4, net.classifier]
    for conv in convs:
        channels.append(conv.out_channels)
        expected = F.conv2d(expected, conv.weight, conv.bias, 2, 1)
        if conv is not net.classifier:
            expected = torch.where(expected > 0, expected, 0.2 * expected)
    assert channels == [2, 4, 8, 16, 1]
    assert all(conv.weight.shape[2:] == (4, 4) for conv in convs)
    torch.testing.assert_close(net(maps), expected)
    assert expected.shape == (2, 1, 2, 3)


def test_the_smallest_are_one_channel_and_32_pixels():
    net = FCDiscriminator(2, 1)
    assert net(torch.zeros(1, 2, 32, 32)).shape == (1, 1, 1, 1)
    for size in ((31, 64), (64, 31)):
        with pytest.raises(ValueError, match='31'):
            net(torch.zeros(1, 2, *size))
    for channels in (0, 1.5):
        with pytest.raises(ValueError, match=str(channels)):
            FCDiscriminator(2, channels)


def test_it_learns_again_after_an_error():
    net = nn.Linear(1, 1)
    with pytest.raises(KeyError), frozen(net):
        assert not net.weight.requires_grad
        raise KeyError
    assert net.weight.requires_grad and net.bias.requires_grad


class Told(nn.Module):
    """Says the same of every map, and keeps what it saw."""

    def __init__(self, *values):
        super().__init__()
        self.values = torch.tensor(values).view(1, 1, 1, -1)

    def forward(self, maps):
        self.seen = maps
        return self.values + 0 * maps.mean()


@pytest.mark.parametrize('kind', ['AdaptSegNet', 'AdvEnt'])
@pytest.mark.parametrize('loss_type', ['ls', 'bce'])
def test_losses_by_hand(segmentor, build, batch, kind, loss_type):
    """Source is 0 and target is 1; the student wants 0 for the target."""
    head = segmentor()['decode_head']
    model = build(
        kind,
        segmentor=segmentor(auxiliary_head=dict(head)),
        adversarial=dict(
            loss_type=loss_type, loss_weight=0.3, auxiliary_loss_weight=0.2
        ),
    )
    adversary = model.adversary
    outputs = {'decode': (-2.0, 0.25, 0.75, 3.0), 'aux': (1.0, 2.0)}
    for name, values in outputs.items():
        adversary.discriminators[name] = Told(*values)
    step = model.prepare(batch())

    def expected(values, label):
        values = torch.tensor(values)
        if loss_type == 'ls':
            return (values - label).square().mean()
        return F.softplus(-values if label else values).mean()

    source = model.objectives[0]
    with adversary.around(model.student, source) as record:
        source(model.student, step)
    found = adversary.own_losses(record)
    assert set(found) == {
        f'{name}.{what}_source' for name in outputs for what in ('loss', 'acc')
    }
    with adversary.around(model.student, adversary) as record:
        student = adversary(model.student, step)
    maps = adversary.discriminators['decode'].seen
    assert maps.shape == (2, 4, 32, 32) and maps.min() >= 0
    total = maps.sum(1)
    if kind == 'AdaptSegNet':
        torch.testing.assert_close(total, torch.ones_like(total))
    else:
        assert total.max() <= 1 + 1e-5 and total.min() < 0.999
    found |= adversary.own_losses(record)
    for name, weight in (('decode', 0.3), ('aux', 0.2)):
        values = outputs[name]
        torch.testing.assert_close(
            student[f'{name}.loss_generator'], weight * expected(values, 0)
        )
        for label, domain in enumerate(('source', 'target')):
            torch.testing.assert_close(
                found[f'{name}.loss_{domain}'], expected(values, label) / 2
            )
    # of -2, 0.25, 0.75 and 3: above 0.5 for least squares, else above 0
    source = 50 if loss_type == 'ls' else 25
    assert found['decode.acc_source'] == source
    assert found['decode.acc_target'] == 100 - source
