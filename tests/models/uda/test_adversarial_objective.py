"""AdaptSegNet, AdvEnt and MinEnt: a step on given predictions, and errors.

The network of the public code's numbers gives stored logits; here it is a
backbone whose parameters these logits are.
"""

import copy
from functools import partial
from zlib import crc32

import numpy as np
import pytest
import torch
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.structures import PixelData
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import nn

from mmseg_balance.engine import AdversarialOptimWrapperConstructor
from mmseg_balance.models.uda.discriminator import FCDiscriminator, frozen
from mmseg_balance.models.uda.image_logits import image_logits
from mmseg_balance.models.uda.self_information import (
    entropy,
    image_weighted_max_square,
    max_square,
)

OUTPUTS = dict(main='decode', aux='aux')
SIZE = (32, 64)
OPTIM = dict(
    constructor='AdversarialOptimWrapperConstructor',
    student=dict(optimizer=dict(type='SGD', lr=0.1)),
    discriminator=dict(optimizer=dict(type='Adam', lr=1e-3)),
)


def load(vectors, name):
    file = np.load(vectors / f'{name}.npz')
    return {k: torch.from_numpy(np.asarray(file[k])) for k in file.files}


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


def given_step(vectors, kind, optim=OPTIM, **kwargs):
    """A step on the public code's inputs; its log and all gradients."""
    inputs = load(vectors, 'adv_inputs')
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
    wrapper = build_optim_wrapper(model, copy.deepcopy(optim))
    logs = model.train_step(given_batch(inputs['gt']), wrapper)
    return logs, gradients


@pytest.mark.parametrize('public, own', [('LS', 'ls'), ('Vanilla', 'bce')])
def test_adaptsegnet_is_that_of_the_public_code(vectors, public, own):
    settings = dict(loss_type=own, discriminator=dict(base_channels=4))
    logs, gradients = given_step(vectors, 'AdaptSegNet', adversarial=settings)
    expected = load(vectors, 'advseg')
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
        assert_close(
            gradients[f'pred_trg_{output}'][:, :4],
            expected[f'{prefix}grad_pred_trg_{output}_first4ch'],
        )
        assert_close(
            gradients[f'pred_src_{output}'][:, 0],
            expected[f'{prefix}grad_pred_src_{output}_channel0'],
        )
    assert logs['loss'] == pytest.approx(total, rel=1e-5)
    wanted = [k for k in expected if k.startswith(f'{prefix}grad_D_')]
    assert len(wanted) == 20
    for key in wanted:
        found = gradients[key.removeprefix(f'{prefix}grad_')]
        assert_close(found, expected[key])


def test_advent_is_that_of_the_public_code(vectors):
    settings = dict(discriminator=dict(base_channels=4))
    logs, gradients = given_step(vectors, 'AdvEnt', adversarial=settings)
    expected = load(vectors, 'advent_advent')
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
        assert_close(
            gradients[f'pred_trg_{output}'][:, :4],
            expected[f'grad_pred_trg_{output}_first4ch'],
        )
    wanted = [k for k in expected if k.startswith('grad_D_')]
    assert len(wanted) == 20
    for key in wanted:
        assert_close(gradients[key.removeprefix('grad_')], expected[key])


def test_minent_is_that_of_the_public_code(vectors):
    optim = dict(optimizer=dict(type='SGD', lr=0.1))
    logs, gradients = given_step(vectors, 'MinEnt', optim)
    expected = load(vectors, 'minent')
    for output, name in OUTPUTS.items():
        wanted = float(expected[f'minent_log_ent.loss.{output}'])
        found = logs[f'tgt.{name}.loss_entropy']
        assert found == pytest.approx(wanted, rel=1e-5)
        gradient = expected[f'minent_grad_pred_trg_{output}']
        found = gradients[f'pred_trg_{output}'][:, : gradient.shape[1]]
        assert_close(found, gradient)


def test_discriminator_of_full_size(vectors):
    expected = load(vectors, 'advseg')
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
    logits = load(vectors, 'adv_inputs')['pred_src_main']
    assert_close(
        net(logits.softmax(1)).detach(), expected['D_ndf64_out_softmax_src']
    )


# ------------------------------------------------------- of the tiny network


def flat(module):
    return torch.cat([p.detach().flatten() for p in module.parameters()])


def two_optimizers(model, **kwargs):
    cfg = copy.deepcopy(OPTIM)
    for part in ('student', 'discriminator'):
        cfg[part].update(kwargs)
    return build_optim_wrapper(model, cfg)


def auxiliary(segmentor):
    decode = segmentor()['decode_head']
    return segmentor(auxiliary_head=[dict(decode), dict(decode)])


@pytest.mark.parametrize('weight, names', [(0.1, 3), (0.0, 1)])
def test_each_output_has_a_discriminator(
    segmentor, batch, build, weight, names
):
    model = build(
        'AdvEnt',
        segmentor=auxiliary(segmentor),
        adversarial=dict(auxiliary_loss_weight=weight),
    )
    wanted = ['decode', 'aux_0', 'aux_1'][:names]
    assert list(model.discriminators) == wanted
    logs = model.train_step(batch(), two_optimizers(model))
    assert model.adversary.discriminator_losses() == {}  # nothing is kept
    for start in ('adv', 'discriminator'):
        losses = [k for k in logs if k.startswith(start) and 'loss' in k]
        assert {k.split('.')[1] for k in losses} == set(wanted)
    parts = [v for k, v in logs.items() if '.loss_' in k and 'disc' not in k]
    assert logs['loss'] == pytest.approx(sum(parts), rel=1e-5)


def test_each_optimizer_moves_its_own(batch, build):
    model = build('AdaptSegNet')
    wrapper = two_optimizers(model)
    for moved, still in (
        ('student', 'discriminators'),
        ('discriminators', 'student'),
    ):
        for part in ('student', 'discriminator'):
            lr = 0.1 if part in moved else 0.0
            wrapper[part].optimizer.param_groups[0]['lr'] = lr
        before = {k: flat(getattr(model, k)) for k in (moved, still)}
        model.train_step(batch(), wrapper)
        assert torch.equal(before[still], flat(getattr(model, still)))
        assert not torch.equal(before[moved], flat(getattr(model, moved)))
        assert all(p.requires_grad for p in model.discriminators.parameters())


def test_discriminators_learn_to_tell_the_domains_apart(batch, build):
    model = build('AdaptSegNet', adversarial=dict(loss_type='ls'))
    wrapper = two_optimizers(model)
    wrapper['student'].optimizer.param_groups[0]['lr'] = 0.0
    nn.init.normal_(model.student.decode_head.conv_seg.weight)
    data = batch()
    for image in data['target']['inputs']:
        image.fill_(255)
    first = model.train_step(copy.deepcopy(data), wrapper)
    for _ in range(40):
        logs = model.train_step(copy.deepcopy(data), wrapper)
    both = [f'discriminator.decode.loss_{k}' for k in ('source', 'target')]
    assert sum(logs[k] for k in both) < sum(first[k] for k in both) / 2
    for domain in ('source', 'target'):
        assert logs[f'discriminator.decode.acc_{domain}'] == 100
    generator = 'adv.decode.loss_generator'
    assert logs[generator] > first[generator]


def test_accumulation_averages_iterations_of_both(batch, build):
    model = build('AdaptSegNet')
    wrapper = two_optimizers(model, accumulative_counts=2)
    wrapper.initialize_count_status(model, 2, 5)
    parts = (model.student, model.discriminators)
    for i in range(2, 5):
        before = [flat(part) for part in parts]
        model.train_step(batch(seed=i), wrapper)
        # the last one alone is a step of its own
        moved = [not torch.equal(a, flat(b)) for a, b in zip(before, parts)]
        assert moved == [i in (3, 4)] * 2
        for part in ('student', 'discriminator'):
            assert wrapper[part].inner_count == i + 1


def test_frozen_parameters_get_no_gradient():
    net = FCDiscriminator(3, 2)
    net.conv1.bias.requires_grad_(False)
    maps = torch.randn(1, 3, 32, 32, requires_grad=True)
    with frozen(net):
        loss = net(maps).sum()
    loss.backward()
    assert maps.grad.abs().sum() > 0
    assert all(p.grad is None for p in net.parameters())
    without = [n for n, p in net.named_parameters() if not p.requires_grad]
    assert without == ['conv1.bias']


def test_masked_consistency_on_top(batch, build):
    settings = dict(masked_consistency=dict(block_size=8), alpha=0.9)
    model = build('AdaptSegNet', pseudo_threshold=0.0, **settings)
    logs = model.train_step(batch(), two_optimizers(model))
    assert logs['masked.decode.loss_ce'] > 0
    assert logs['adv.decode.loss_generator'] > 0
    with pytest.raises(ValueError, match='alpha'):
        build('AdaptSegNet', masked_consistency={})


@pytest.mark.parametrize('kind', ['AdaptSegNet', 'AdvEnt', 'MinEnt'])
def test_bfloat16_autocast(batch, build, kind):
    model = build(kind)
    if kind == 'MinEnt':
        cfg = dict(type='AutocastOptimWrapper', optimizer=dict(type='SGD'))
        cfg['optimizer']['lr'] = 0.1
        wrapper = build_optim_wrapper(model, cfg)
    else:
        wrapper = two_optimizers(model, type='AutocastOptimWrapper')
    for i in range(2):
        logs = model.train_step(batch(seed=i), wrapper)
    assert all(v == v for v in logs.values())
    assert all(p.dtype == torch.float32 for p in model.parameters())


@pytest.mark.parametrize(
    'kind, settings, loss, weight',
    [
        ('MinEnt', {}, entropy, 0.001),
        ('MaxSquare', {}, max_square, 0.1),
        (
            'MaxSquare',
            dict(max_square=dict(kind='image_weighted_max_square', ratio=0.4)),
            partial(image_weighted_max_square, ratio=0.4),
            0.1,
        ),
    ],
)
def test_padding_of_target_images_does_not_count(
    batch, build, kind, settings, loss, weight
):
    model = build(kind, **settings)
    nn.init.normal_(model.student.decode_head.conv_seg.weight)
    step = model.prepare(batch(target_size=24))
    (found,) = model.objectives[1](model.student, step).values()
    logits = image_logits(model.student, step.target_images)['decode']
    expected = weight * loss(logits[:, :, :24, :24])
    torch.testing.assert_close(found, expected)


# ------------------------------------------------------------------- errors


@pytest.mark.parametrize('kind', ['AdaptSegNet', 'AdvEnt', 'MinEnt'])
def test_one_class_is_refused(segmentor, build, kind):
    cfg = segmentor()
    cfg['decode_head'].update(num_classes=1, out_channels=1)
    with pytest.raises(ValueError, match='decode_head.num_classes is 1'):
        build(kind, segmentor=cfg)


@pytest.mark.parametrize(
    'settings, message',
    [
        (dict(inputs='logits'), "`inputs`.*'logits'"),
        (dict(loss_type='hinge'), "`loss_type`.*'hinge'"),
        (dict(loss_weight=-1), '`loss_weight`.*-1'),
        (dict(auxiliary_loss_weight='a'), '`auxiliary_loss_weight`'),
        (dict(discriminator=dict(base_channels=0)), '`base_channels`.*0'),
    ],
)
def test_settings_out_of_range(build, settings, message):
    with pytest.raises(ValueError, match=message):
        build('AdvEnt', adversarial=settings)


@pytest.mark.parametrize(
    'settings, message',
    [
        (dict(kind='gini'), "`kind`.*'gini'"),
        (dict(loss_weight=float('nan')), '`loss_weight`.*nan'),
        (dict(ratio=1.5), r'`ratio`.*\[0, 1\].*1.5'),
    ],
)
def test_entropy_settings_out_of_range(build, settings, message):
    with pytest.raises(ValueError, match=message):
        build('MinEnt', entropy=settings)


def test_crops_too_small_for_the_discriminator(segmentor, build):
    cfg = segmentor()
    cfg['data_preprocessor']['size'] = (32, 24)
    with pytest.raises(ValueError, match=r'\(32, 24\).*32 x 32'):
        build('AdaptSegNet', segmentor=cfg)


def test_an_adversary_without_source(segmentor):
    objectives = [dict(type='AdversarialObjective')]
    cfg = dict(segmentor=segmentor(), objectives=objectives)
    with pytest.raises(ValueError, match='SourceObjective'):
        MODELS.build(dict(type='UDASegmentor', **cfg))


def test_optimizers_that_are_not_the_models(batch, build):
    adversarial, plain = build('AdvEnt'), build('MinEnt')
    sgd = torch.optim.SGD(adversarial.trainable.parameters(), 0.1)
    with pytest.raises(TypeError, match='has one optimizer.*Adversarial'):
        adversarial.train_step(batch(), OptimWrapper(sgd))
    with pytest.raises(TypeError, match='discriminator.*no discriminators'):
        plain.train_step(batch(), two_optimizers(adversarial))
    with pytest.raises(TypeError, match="no discriminators.*'MinEnt'"):
        two_optimizers(plain)


@pytest.mark.parametrize(
    'cfg, paramwise, message',
    [
        (dict(student={}), None, r"got \['student'\]"),
        (dict(student={}, discriminator={}, type='A'), None, "'type'"),
        (dict(student={}, discriminator={}), {}, "'paramwise_cfg'"),
        (
            dict(OPTIM, discriminator=None),
            None,
            'optim_wrapper.discriminator is None',
        ),
        (
            dict(OPTIM, student=dict(optimizer=None)),
            None,
            r"optim_wrapper.student is \{'optimizer': None\}",
        ),
    ],
)
def test_keys_of_the_optimizers(cfg, paramwise, message):
    cfg = {k: v for k, v in cfg.items() if k != 'constructor'}
    with pytest.raises(ValueError, match=message):
        AdversarialOptimWrapperConstructor(cfg, paramwise)
