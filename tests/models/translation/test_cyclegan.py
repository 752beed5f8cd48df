"""The step of CycleGAN against the losses as they are written down."""

import copy

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.engine.hooks.compile_hook import compile_networks
from mmseg_balance.models.recording import recording

OPTIM = dict(
    constructor='NamedOptimWrapperConstructor',
    generator=dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1.0)),
    discriminator=dict(
        type='OptimWrapper', optimizer=dict(type='SGD', lr=1.0)
    ),
)


class Segmentor(nn.Module):
    """Stands for a network with logits of its own."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(5)
        self.conv = nn.Conv2d(3, 4, 3, stride=2).requires_grad_(False)

    def load(self):
        pass

    def forward(self, images):
        return self.conv(images)


def images_of(batch):
    return [
        torch.stack(batch[k]['inputs']).float().flip(1) / 127.5 - 1
        for k in ('source', 'target')
    ]


def test_a_step_follows_the_sum_of_the_losses(tiny_gan, batch):
    torch.manual_seed(0)
    model = tiny_gan(lambda_ppl=0.3, lambda_ppl_recon=0.7, pool_size=50)
    see = model.segmentation = Segmentor()
    reference = copy.deepcopy(model)
    data = batch()
    logs = model.train_step(data, build_optim_wrapper(model, OPTIM))

    a, b = images_of(data)
    net = reference
    l1, mse = nn.functional.l1_loss, nn.functional.mse_loss
    fake_b, fake_a = net.netG_A(a), net.netG_B(b)
    rec_a, rec_b = net.netG_B(fake_b), net.netG_A(fake_a)
    scores = net.netD_A(fake_b), net.netD_B(fake_a)
    parts = {
        'source.loss_gan': mse(scores[0], torch.ones_like(scores[0])),
        'target.loss_gan': mse(scores[1], torch.ones_like(scores[1])),
        'source.loss_cycle': 10 * l1(rec_a, a),
        'target.loss_cycle': 10 * l1(rec_b, b),
        'source.loss_identity': 5 * l1(net.netG_A(b), b),
        'target.loss_identity': 5 * l1(net.netG_B(a), a),
        'source.loss_ppl': 0.3 * l1(see(fake_b), see(a)),
        'target.loss_ppl': 0.3 * l1(see(fake_a), see(b)),
        'source.loss_ppl_recon': 0.7 * l1(see(rec_a), see(a)),
        'target.loss_ppl_recon': 0.7 * l1(see(rec_b), see(b)),
    }
    judged = {}
    for name, judge, real, fake in (
        ('target', net.netD_A, b, fake_b),
        ('source', net.netD_B, a, fake_a),
    ):
        yes, no = judge(real), judge(fake.detach())
        judged[f'discriminator.loss_{name}'] = 0.5 * (
            mse(yes, torch.ones_like(yes)) + mse(no, torch.zeros_like(no))
        )
    total = sum(parts.values())
    wanted = {**parts, **judged, 'loss': total}
    assert set(logs) == set(wanted)
    for name, value in wanted.items():
        assert logs[name] == pytest.approx(value.item(), abs=1e-5), name
    for names, loss in (('GG', total), ('DD', sum(judged.values()))):
        for kind, letter in zip(names, 'AB'):
            network = getattr(net, f'net{kind}_{letter}')
            own = getattr(model, f'net{kind}_{letter}')
            grads = torch.autograd.grad(
                loss, list(network.parameters()), retain_graph=True
            )
            moved = zip(network.parameters(), grads, own.parameters())
            for before, grad, after in moved:
                torch.testing.assert_close(
                    after, before - grad, rtol=1e-4, atol=1e-5
                )
    assert int(model.fake_B_pool.num_filled) == 2
    torch.testing.assert_close(model.fake_B_pool.images[:2], fake_b)


def test_what_has_no_weight_is_not_computed(tiny_gan, batch):
    model = tiny_gan(lambda_identity=0, gan_loss='bce')
    logs = model.train_step(batch(), build_optim_wrapper(model, OPTIM))
    assert set(logs) == {
        'loss',
        *(
            f'{d}.loss_{n}'
            for d in ('source', 'target')
            for n in ('gan', 'cycle')
        ),
        *(f'discriminator.loss_{d}' for d in ('source', 'target')),
    }


class Everything:
    def __init__(self):
        self.rows = {}

    def wants(self, row, name):
        return True

    def record(self, row, name, value):
        self.rows.setdefault(row, {})[name] = value


def test_pictures_show_translations_of_both_domains(tiny_gan, batch):
    model = tiny_gan()
    model.segmentation = Segmentor()
    data, recorder = batch(), Everything()
    with recording(recorder):
        optim_wrapper = build_optim_wrapper(model, OPTIM)
        before = copy.deepcopy(model.netG_A)
        model.train_step(data, optim_wrapper)
    a, b = images_of(data)
    names = ['image', 'translation', 'translation back', 'prediction']
    for row, first in (('source', a), ('target', b)):
        found = recorder.rows[row]
        assert set(found) == {*names, 'unchanged (identity)'}
        torch.testing.assert_close(found['image'], first)
    torch.testing.assert_close(
        recorder.rows['source']['translation'], before(a)
    )
    torch.testing.assert_close(
        recorder.rows['target']['unchanged (identity)'], before(b)
    )


@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(lambda_ppl=-1), '`lambda_ppl` of CycleGAN'),
        (dict(gan_loss='wgan'), r"`gan_loss`.*\['bce', 'ls'\].*'wgan'"),
        (dict(ppl_distance='l2'), r"`ppl_distance`.*'instance_norm', 'l1'"),
        (dict(pool_size=1.5), '`pool_size`'),
        (dict(data_preprocessor=None), r'size is None, expected \(height'),
        (
            dict(
                data_preprocessor=dict(
                    mean=[123.675, 116.28, 103.53], size=(8, 8)
                )
            ),
            r'values from -0.97.*\[127.5\] \* 3',
        ),
    ],
)
def test_settings_that_cannot_work_are_told(changes, message, tiny_gan):
    with pytest.raises(ValueError, match=message):
        tiny_gan(**changes)


def test_other_batches_crops_and_optimizers_are_told(tiny_gan, batch):
    model = tiny_gan()
    wrapper = build_optim_wrapper(model, OPTIM)
    with pytest.raises(ValueError, match='UDADataset'):
        model.train_step(dict(inputs=[]), wrapper)
    with pytest.raises(ValueError, match=r'crops of \(24, 24\)'):
        model.train_step(batch(size=(24, 24)), wrapper)
    with pytest.raises(ValueError, match=r'target.*\(16, 19\).*the padding'):
        narrow = batch(size=(16, 19))['target']
        model.train_step(batch() | dict(target=narrow), wrapper)
    with pytest.raises(RuntimeError, match='predicts no labels'):
        model.val_step(batch()['source'])
    one = build_optim_wrapper(
        model, dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=1))
    )
    with pytest.raises(TypeError, match="NamedOptimWrapperConstructor'"):
        model.train_step(batch(), one)
    names = dict(OPTIM)
    names['student'] = names.pop('generator')
    with pytest.raises(TypeError, match=r"optimizers \['discriminator', 'ge"):
        build_optim_wrapper(model, names)


def test_a_loss_that_is_no_number_ends_the_training(tiny_gan, batch):
    model = tiny_gan()
    with torch.no_grad():
        model.netG_A.model[1].bias.fill_(float('nan'))
    with pytest.raises(FloatingPointError, match='source.loss_cycle = nan'):
        model.train_step(batch(), build_optim_wrapper(model, OPTIM))


def test_compiled_networks_do_the_same(tiny_gan, batch):
    torch.manual_seed(0)
    plain = tiny_gan(pool_size=0)
    compiled = copy.deepcopy(plain)
    assert compile_networks(compiled, backend='eager') == 4
    logs = []
    for model in (plain, compiled):
        wrapper = build_optim_wrapper(model, OPTIM)
        logs.append(model.train_step(batch(), wrapper))
    assert logs[0] == pytest.approx(logs[1], rel=1e-4)
    for a, b in zip(plain.parameters(), compiled.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_the_registry_builds_it(tiny_gan):
    config = dict(
        type='CycleGAN',
        generator=dict(type='ResnetGenerator', num_blocks=1, base_channels=2),
        discriminator=dict(type='PatchDiscriminator', base_channels=2),
        pool_size=0,
    )
    model = MODELS.build(config)
    assert model(torch.zeros(1, 3, 16, 16)).shape == (1, 3, 16, 16)
