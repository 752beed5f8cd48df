"""Masked image consistency against the public code."""

import pytest
import torch
from helpers.reference import corner, reference, whole_files
from mmengine.optim import OptimWrapper
from torch import nn

from mmseg_balance.models.losses import blda_loss
from mmseg_balance.models.uda.mixing.block_mask import block_mask
from mmseg_balance.models.uda.objectives import MaskedObjective, masked
from mmseg_balance.models.uda.objectives.step import UDAStep
from mmseg_balance.models.uda.teacher.pseudo_labels import PseudoLabels


@pytest.fixture(scope='module', params=['mic', *whole_files('mic')])
def arrays(request):
    return reference(request.param)


@pytest.mark.parametrize('case', 'abcde')
def test_masks_agree_with_the_public_code(arrays, case):
    height, width, block = arrays[f'mask_{case}_H_W_block'].tolist()
    expected = arrays[f'mask_{case}_mask']
    mask = block_mask(
        torch.zeros(len(expected), 3, height, width),
        block,
        float(arrays[f'mask_{case}_ratio']),
        arrays[f'mask_{case}_rand'],
    )
    assert torch.equal(mask, expected)


@pytest.mark.parametrize('size', [(64, 64), (70, 90), (10, 200)])
def test_drawn_masks_have_the_grid_and_the_ratio(size):
    torch.manual_seed(0)
    mask = block_mask(torch.zeros(400, 3, *size), 32, 0.7)
    assert mask.shape == (400, 1, *size)
    assert set(mask.unique().tolist()) == {0, 1}
    assert mask.mean() == pytest.approx(0.3, abs=0.03)
    assert len(mask.unique(dim=0)) > 10  # a draw for each image


class Recorder(nn.Module):
    """A segmentor that gives stored logits and keeps what it was given."""

    with_auxiliary_head = False

    def __init__(self, head, logits):
        super().__init__()
        self.decode_head = head
        self.logits = logits
        self.images = None

    def extract_feat(self, images):
        self.images = images
        return self.logits


def test_loss_and_gradient_agree_with_the_public_code(
    arrays, build, segmentor, monkeypatch
):
    cfg = segmentor()
    cfg['decode_head']['num_classes'] = 19
    head = build(segmentor=cfg).student.decode_head
    head.forward = lambda features: features
    logits = arrays['cons_logits'].clone().requires_grad_()
    student = Recorder(head, logits)
    monkeypatch.setattr(
        masked, 'block_mask', lambda *args: arrays['img_seed9_mask']
    )
    step = UDAStep(
        None,
        None,
        target_images=arrays['img'],
        pseudo=PseudoLabels(
            arrays['cons_pseudo_label'],
            arrays['cons_pseudo_weight'],
            torch.tensor(0.0),
        ),
    )
    losses = MaskedObjective(augmentation=None)(student, step)
    losses['decode.loss_ce'].backward()
    assert torch.equal(student.images, arrays['cons_masked_img'])
    torch.testing.assert_close(
        losses['decode.loss_ce'], arrays['cons_loss'], rtol=1e-4, atol=1e-5
    )
    expected = arrays['cons_grad']
    torch.testing.assert_close(
        corner(logits.grad, expected), expected, rtol=1e-4, atol=1e-8
    )


def wrapper(model):
    parameters = model.trainable.parameters()
    return OptimWrapper(torch.optim.SGD(parameters, 0.05))


@pytest.mark.parametrize('name', ['loss_ce', 'my_loss'])
def test_the_weight_scales_the_main_loss(build, batch, segmentor, name):
    """Whatever it is called; an auxiliary head keeps its own weight."""
    loss = dict(type='CrossEntropyLoss', loss_name=name)
    head = segmentor()['decode_head']
    cfg = segmentor(loss, auxiliary_head=head)
    logs = []
    for weight in (1.0, 3.0):
        torch.manual_seed(0)
        model = build(
            'MIC',
            segmentor=cfg,
            masked_consistency=dict(block_size=8, loss_weight=weight),
            pseudo_threshold=0.0,
        )
        torch.manual_seed(1)
        logs.append(model.train_step(batch(), wrapper(model)))
    first, second = (log[f'masked.decode.{name}'] for log in logs)
    assert first > 0
    assert second == pytest.approx(3 * first, rel=1e-5)
    for same in (f'src.decode.{name}', 'masked.aux.loss_ce'):
        assert logs[0][same] == logs[1][same] > 0


def test_statistics_of_the_target_adjust_and_are_not_fed(
    build, batch, monkeypatch
):
    loss = dict(type='BLDALoss', num_classes=4, min_samples=4, tau=1.0)
    model = build(
        'MIC', loss, masked_consistency=dict(block_size=8), pseudo_threshold=0
    )
    blda = model.student.decode_head.loss_decode
    calls, domains = [], []
    collect = blda.statistics.collect
    monkeypatch.setattr(
        blda.statistics,
        'collect',
        lambda *args: calls.append(args[2]) or collect(*args),
    )

    class Adjusted(blda_loss.AdjustedLogits):
        def __init__(self, *args):
            super().__init__(*args)
            domains.append(self.domain)

    monkeypatch.setattr(blda_loss, 'AdjustedLogits', Adjusted)
    model.train_step(batch(), wrapper(model))
    assert len(calls) == 2  # source and mixed alone
    assert len(domains) == 3
    assert domains[0] is None and domains[2].all()


@pytest.mark.parametrize('counted', [True, False])
def test_norms_may_leave_masked_images_out(build, batch, counted):
    model = build(
        'MIC',
        masked_consistency=dict(block_size=8, norm_statistics=counted),
        pseudo_threshold=0.0,
    )
    norm = model.student.backbone.layers[1]
    step = model.prepare(batch())
    before = norm.running_mean.clone()
    losses = model.objectives[-1](model.student, step)
    losses['decode.loss_ce'].backward()
    assert torch.equal(norm.running_mean, before) is not counted
    assert norm.track_running_stats
    assert norm.weight.grad.abs().sum() > 0
    model.objectives[0](model.student, step)  # the source counts
    assert not torch.equal(norm.running_mean, before)


@pytest.mark.parametrize('images', [1, 2, 3])
@pytest.mark.parametrize('domains', ['target', 'source', 'both'])
def test_whose_images_are_masked(build, segmentor, batch, domains, images):
    """As `mask_mode` of the public code, where a batch has two images."""
    model = build(
        'MIC',
        masked_consistency=dict(domains=domains, mask_ratio=0.0),
        pseudo_threshold=0.3,
        blur_probability=0.0,
        jitter_probability=0.0,
    )
    step = model.prepare(batch(images))
    step.source_labels[:, :4] = 255
    torch.manual_seed(0)
    step.pseudo.weight = torch.rand_like(step.pseudo.weight)
    numbers = {
        'target': [('target', i) for i in range(images)],
        'source': [('source', i) for i in range(images)],
        # one of each of one, two and three
        'both': [('source', 0), ('target', 0)],
    }[domains]
    student = model.student.eval()  # batch norms see one image at a time
    expected = []
    for domain, i in numbers:
        image = getattr(step, f'{domain}_images')[i : i + 1]
        labels = (
            step.source_labels if domain == 'source' else (step.pseudo.labels)
        )
        weight = step.pseudo.weight[i]
        if domain == 'source':
            weight = torch.ones_like(weight)
        logits = nn.functional.interpolate(
            student.decode_head(student.extract_feat(image)),
            size=image.shape[2:],
            mode='bilinear',
        )
        values = nn.functional.cross_entropy(
            logits, labels[i : i + 1], ignore_index=255, reduction='none'
        )
        expected.append((values[0] * weight).mean())
    losses = model.objectives[-1](student, step)
    torch.testing.assert_close(
        losses['decode.loss_ce'], torch.stack(expected).mean()
    )


def test_masked_source_images_need_no_target(build):
    objectives = [
        dict(type='SourceObjective'),
        dict(type='MaskedObjective', domains='source'),
    ]
    model = build('UDASegmentor', objectives=objectives)
    assert not model.needs_target
    assert model.teacher is None


@pytest.mark.parametrize(
    'settings, words',
    [
        (dict(block_size=0), 'block_size'),
        (dict(block_size='8'), "'8'"),
        (dict(mask_ratio=1.0), 'mask_ratio'),
        (dict(loss_weight=-1.0), 'loss_weight'),
        (dict(domains='separate'), "target.*source.*both.*'separate'"),
    ],
)
def test_bad_settings_are_named(build, settings, words):
    with pytest.raises(ValueError, match=words):
        build('MIC', masked_consistency=settings)
