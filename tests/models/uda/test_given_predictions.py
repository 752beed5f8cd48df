"""AdaptSegNet, AdvEnt and MinEnt: a step on the predictions of a file.

The network of the public code's numbers gives stored logits; here it is a
backbone whose parameters these logits are.
"""

from zlib import crc32

import numpy as np
import pytest
import torch
from helpers.reference import corner, reference, whole_files
from mmengine.structures import PixelData
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import nn

from mmseg_balance.models.uda.adversaries.discriminator import FCDiscriminator

OUTPUTS = dict(main='decode', aux='aux')
SIZE = (32, 64)


@pytest.fixture(params=['', *whole_files('')])
def place(request):
    """The kept numbers, and the whole files where they are."""
    return request.param


def assert_close(found, expected):
    """1e-5 of the largest value."""
    bound = 1e-5 * float(expected.abs().max())
    torch.testing.assert_close(
        found, expected.view_as(found), rtol=0, atol=bound
    )


@MODELS.register_module()
class GivenLogits(nn.Module):
    """Black images are of the source, white ones of the target."""

    def __init__(self):
        super().__init__()
        self.given = nn.ParameterDict(
            {
                f'{domain}_{output}': nn.Parameter(torch.zeros(2, 19, *SIZE))
                for domain in ('src', 'trg')
                for output in OUTPUTS
            }
        )

    def forward(self, images):
        domain = 'src' if images.mean() < 0.5 else 'trg'
        return [self.given[f'{domain}_{output}'] for output in OUTPUTS]


@MODELS.register_module()
class IdentityHead(BaseDecodeHead):
    """The logits are the features."""

    def forward(self, inputs):
        return self._transform_inputs(inputs)


def head(index):
    loss = dict(type='CrossEntropyLoss')
    return dict(
        type='IdentityHead',
        in_channels=19,
        channels=19,
        num_classes=19,
        in_index=index,
        loss_decode=loss,
    )


def given_segmentor():
    preprocessor = dict(
        type='SegDataPreProcessor',
        mean=[0.0] * 3,
        std=[255.0] * 3,
        size=SIZE,
        seg_pad_val=255,
    )
    return dict(
        type='EncoderDecoder',
        data_preprocessor=preprocessor,
        backbone=dict(type='GivenLogits'),
        decode_head=head(0),
        auxiliary_head=head(1),
        test_cfg=dict(mode='whole'),
    )


def given_batch(labels):
    batch = {}
    for domain, value in (('source', 0), ('target', 255)):
        images = torch.full((2, 3, *SIZE), value, dtype=torch.uint8)
        samples = [SegDataSample() for _ in range(2)]
        if domain == 'source':
            for sample, label in zip(samples, labels):
                sample.gt_sem_seg = PixelData(data=label)
        batch[domain] = dict(inputs=list(images), data_samples=samples)
    return batch


def given_step(place, optimizers, kind, **kwargs):
    """A step on the public code's inputs; its log and all gradients."""
    inputs = reference(f'{place}adv_inputs')
    cfg = dict(type=kind, segmentor=given_segmentor(), **kwargs)
    model = MODELS.build(cfg).train()
    gradients = {}

    def note(name, parameter):
        def add(gradient):
            gradients[name] = gradients.get(name, 0) + gradient

        parameter.register_hook(add)

    given = model.student.backbone.given
    for name, parameter in given.items():
        parameter.data.copy_(inputs[f'pred_{name}'])
        note(f'pred_{name}', parameter)
    for output, own in OUTPUTS.items():
        for key, parameter in (
            model.discriminators[own].named_parameters()
            if model.discriminators
            else ()
        ):
            key = f'D_{output}::{key}'
            parameter.data.copy_(inputs[key])
            note(key, parameter)
    logs = model.train_step(given_batch(inputs['gt']), optimizers(model))
    return logs, gradients


@pytest.mark.parametrize('public, own', [('LS', 'ls'), ('Vanilla', 'bce')])
def test_adaptsegnet_is_that_of_the_public_code(
    place, optimizers, public, own
):
    settings = dict(loss_type=own, discriminator=dict(base_channels=4))
    logs, gradients = given_step(
        place, optimizers, 'AdaptSegNet', adversarial=settings
    )
    expected = reference(f'{place}advseg')
    prefix = f'adv_{public}_'
    total = 0
    for output, name in OUTPUTS.items():
        for key, public_key in (
            (f'src.{name}.loss_ce', f'{name}.loss_seg'),
            (f'adv.{name}.loss_generator', f'G_trg.loss.{output}'),
            (f'discriminator.{name}.loss_source', f'D_src.loss.{output}'),
            (f'discriminator.{name}.loss_target', f'D_trg.loss.{output}'),
        ):
            wanted = float(expected[f'{prefix}log_{public_key}'])
            assert logs[key] == pytest.approx(wanted, rel=1e-5), key
            total += wanted * ('D_' not in public_key)
        gradient = expected[f'{prefix}grad_pred_trg_{output}_first4ch']
        found = corner(gradients[f'pred_trg_{output}'], gradient)
        assert_close(found, gradient)
        gradient = expected[f'{prefix}grad_pred_src_{output}_channel0']
        found = corner(gradients[f'pred_src_{output}'][:, 0], gradient)
        assert_close(found, gradient)
    assert logs['loss'] == pytest.approx(total, rel=1e-5)
    wanted = [k for k in expected if k.startswith(f'{prefix}grad_D_')]
    assert len(wanted) == 20
    for key in wanted:
        found = gradients[key.removeprefix(f'{prefix}grad_')]
        assert_close(corner(found, expected[key]), expected[key])


def test_advent_is_that_of_the_public_code(place, optimizers):
    settings = dict(discriminator=dict(base_channels=4))
    logs, gradients = given_step(
        place, optimizers, 'AdvEnt', adversarial=settings
    )
    expected = reference(f'{place}advent_advent')
    weights = dict(main=0.001, aux=0.0002)
    for output, name in OUTPUTS.items():
        for key, public_key, factor in (
            ('adv.{}.loss_generator', 'adv_trg', weights[output]),
            ('discriminator.{}.loss_source', 'd_src', 0.5),
            ('discriminator.{}.loss_target', 'd_trg', 0.5),
        ):
            wanted = factor * float(expected[f'bce_{public_key}_{output}'])
            assert logs[key.format(name)] == pytest.approx(wanted, rel=1e-5)
            # a positive output says target
            says = expected[f'Dout_{public_key}_{output}'] > 0
            right = says == (public_key == 'd_trg')
            if public_key != 'adv_trg':
                key = key.format(name).replace('loss', 'acc')
                assert logs[key] == pytest.approx(100 * right.float().mean())
        gradient = expected[f'grad_pred_trg_{output}_first4ch']
        found = corner(gradients[f'pred_trg_{output}'], gradient)
        assert_close(found, gradient)
    wanted = [k for k in expected if k.startswith('grad_D_')]
    assert len(wanted) == 20
    for key in wanted:
        found = gradients[key.removeprefix('grad_')]
        assert_close(corner(found, expected[key]), expected[key])


def test_minent_is_that_of_the_public_code(place, optimizers):
    logs, gradients = given_step(place, optimizers, 'MinEnt')
    expected = reference(f'{place}minent')
    for output, name in OUTPUTS.items():
        wanted = float(expected[f'minent_log_ent.loss.{output}'])
        found = logs[f'tgt.{name}.loss_entropy']
        assert found == pytest.approx(wanted, rel=1e-5)
        gradient = expected[f'minent_grad_pred_trg_{output}']
        found = corner(gradients[f'pred_trg_{output}'], gradient)
        assert_close(found, gradient)


def test_discriminator_of_full_size():
    expected = reference('advseg')
    net = FCDiscriminator(19)
    number = sum(p.numel() for p in net.parameters())
    assert number == int(expected['D_ndf64_nparams'])
    for name, parameter in net.named_parameters():
        seed = crc32(f'ndf64.{name}'.encode()) & 0x7FFFFFFF
        values = np.random.RandomState(seed).standard_normal(parameter.shape)
        if values.ndim > 1:
            values /= np.sqrt(np.prod(values.shape[1:]))
        else:
            values *= 0.05
        parameter.data.copy_(torch.from_numpy(values))
    logits = reference('adv_inputs')['pred_src_main']
    assert_close(
        net(logits.softmax(1)).detach(), expected['D_ndf64_out_softmax_src']
    )
