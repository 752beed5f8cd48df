"""Cumulative density estimation against the public code and by hand."""

import pytest
import torch
import torch.nn.functional as F
from helpers.reference import reference, whole_files
from mmengine.optim import OptimWrapper

from mmseg_balance.logits import positive_cdf
from mmseg_balance.models.head_losses.classifier_features import (
    logits_and_features,
)
from mmseg_balance.models.head_losses.pixel_targets import PixelTargets
from mmseg_balance.models.uda.density.density_estimation import density_loss

LOSS = dict(type='BLDALoss', num_classes=4, min_samples=20)


@pytest.mark.parametrize(
    'file',
    ['blda_loss_mixed_C6_r01', *whole_files('blda_loss_mixed_C19_r01')],
)
@pytest.mark.parametrize('image', [0, 1])
def test_loss_and_gradient_agree_with_the_public_code(file, image):
    """Single images, where its broadcast of the weights does no harm."""
    data = reference(file)
    part = slice(image, image + 1)
    prediction = data['reg'][part].clone().requires_grad_()
    known = (data['label'][part] != 255).unsqueeze(1)
    loss = data['t2'] * density_loss(
        prediction,
        data['cdf_gt'][part],
        data['cdf_gt_mask'][part].bool() & known,
        data['weight'][part],
        norm='l1',
    )
    loss.backward()
    torch.testing.assert_close(
        loss.detach(),
        data[f'single_image{image}_t2_times_loss_reg'],
        rtol=1e-4,
        atol=1e-6,
    )
    torch.testing.assert_close(
        prediction.grad,
        data[f'single_image{image}_grad_reg'],
        rtol=1e-4,
        atol=1e-8,
    )


def test_each_image_has_its_own_weights():
    prediction, density = torch.zeros(2, 1, 1, 2), torch.ones(2, 1, 1, 2)
    valid = torch.tensor([[[[True, True]]], [[[True, False]]]])
    weight = torch.tensor([[[1.0, 2.0]], [[3.0, 4.0]]])
    assert density_loss(prediction, density, valid, weight) == 6 / 4
    assert density_loss(prediction - 1, density, valid, weight) == 24 / 4
    assert density_loss(prediction - 1, density, valid, weight, 'l1') == 3


def sgd(model):
    return OptimWrapper(torch.optim.SGD(model.trainable.parameters(), 0.1))


def run(model, batch, steps=3):
    logs = []
    for i in range(steps):
        logs.append(model.train_step(batch(seed=i), sgd(model)))
        model.student.decode_head.loss_decode.update_statistics()
        model.update_teacher(i + 1)
    return logs


def test_it_learns_beside_the_segmentor(batch, build):
    model = build(loss=LOSS, density_estimation={}, pseudo_threshold=0.0)
    before = model.density.conv.weight.clone()
    logs = run(model, batch)
    # nothing is fitted in the first iteration
    assert logs[0]['src.decode.loss_density'] == 0
    assert logs[1]['src.decode.loss_density'] > 0
    assert logs[2]['mix.decode.loss_density'] > 0
    assert not torch.equal(model.density.conv.weight, before)
    parts = sum(v for k, v in logs[2].items() if '.loss_' in k)
    assert logs[2]['loss'] == pytest.approx(parts, rel=1e-5)
    keys = {k for k in model.state_dict() if 'density' in k}
    assert keys == {'density.conv.weight', 'density.conv.bias'}


def test_it_regresses_the_positive_cdf_on_the_classifiers_input(batch, build):
    model = build(loss=LOSS, density_estimation=dict(loss_weight=0.5))
    run(model, batch)
    model.eval()  # running statistics
    head, statistics = (
        model.student.decode_head,
        model.student.decode_head.loss_decode.statistics,
    )
    images = torch.randn(2, 3, 32, 32)
    labels = torch.randint(4, (2, 32, 32))
    labels[:, :3] = 255
    features = model.student.extract_feat(images)
    logits, entered = logits_and_features(head, features)
    torch.testing.assert_close(head.conv_seg(entered), logits)
    logits = F.interpolate(logits, (32, 32), mode='bilinear')
    d, valid = positive_cdf(logits, labels, statistics.source)
    prediction = F.interpolate(
        model.density.conv(entered), (32, 32), mode='bilinear'
    )
    expected = 0.5 * (((prediction - d) ** 2) * valid).mean()
    torch.testing.assert_close(
        model.density(head, entered, logits, PixelTargets(labels)), expected
    )


def test_the_context_that_scripts_of_0_1_0_opened_still_notes(batch, build):
    model = build(loss=LOSS, density_estimation={})
    head = model.student.decode_head
    with pytest.warns(DeprecationWarning, match='keep_features=True'):
        context = model.density.classifier_inputs()
    with context as noted:
        logits = head([torch.randn(2, 8, 4, 4)])
    torch.testing.assert_close(head.conv_seg(noted[0]), logits)


def test_the_target_is_measured_with_its_own_distributions(batch, build):
    model = build(loss=LOSS, density_estimation={}, pseudo_threshold=0.0)
    run(model, batch)
    statistics = model.student.decode_head.loss_decode.statistics
    logits, labels = torch.randn(1, 4, 8, 8), torch.randint(4, (1, 8, 8))
    mask = torch.rand(1, 8, 8) < 0.5
    both = statistics.positive_cdf(logits, labels, mask)
    source, target = (
        positive_cdf(logits, labels, bank)
        for bank in (statistics.source, statistics.target)
    )
    for mixed, a, b in zip(both, source, target):
        assert torch.equal(mixed, torch.where(mask[:, None], b, a))


def test_deeplabv2_takes_the_input_of_its_aspp(segmentor, batch, build):
    cfg = segmentor(LOSS)
    cfg['decode_head'] = dict(
        type='DLV2Head',
        in_channels=8,
        in_index=0,
        num_classes=4,
        dilations=(1, 2),
        loss_decode=LOSS,
    )
    model = build(segmentor=cfg, density_estimation={})
    logs = run(model, batch)
    assert model.density.conv.in_channels == 8
    assert logs[2]['src.decode.loss_density'] > 0


@pytest.mark.parametrize(
    'kwargs, word',
    [(dict(loss_weight=-1), '`loss_weight`.*-1'), (dict(norm='l3'), 'l3')],
)
def test_settings_out_of_range(build, kwargs, word):
    with pytest.raises(ValueError, match=word):
        build(loss=LOSS, density_estimation=kwargs)


def test_without_distributions_there_is_nothing_to_estimate(build):
    with pytest.raises(ValueError, match="type='BLDALoss'"):
        build(density_estimation={})


@pytest.mark.parametrize('norm', ['l1', 'l2'])
def test_one_number_is_predicted_for_each_pixel(build, norm):
    """Of constant features the prediction is the bias; d is known."""
    model = build(
        loss=LOSS, density_estimation=dict(loss_weight=3.0, norm=norm)
    )
    density, head = model.density, model.student.decode_head
    assert density.conv.weight.shape == (1, 8, 1, 1)
    density.conv.bias.data.fill_(0.75)
    statistics = head.loss_decode.statistics
    seen = []

    def positive_cdf(logits, labels, target_mask, ignore_index):
        seen.append((target_mask, ignore_index))
        d = torch.full_like(logits[:, :1], 0.25)
        return d, (labels != ignore_index).unsqueeze(1)

    statistics.positive_cdf = positive_cdf
    logits, labels = torch.randn(1, 4, 4, 4), torch.zeros(1, 4, 4).long()
    labels[0, 0] = 255
    weight = torch.full((1, 4, 4), 0.5)
    mask = torch.ones(1, 4, 4).bool()
    features = torch.zeros(1, 8, 2, 2)
    error = 0.5 if norm == 'l1' else 0.25
    for given, share in ((None, 1), (weight, 0.5)):
        found = density(head, features, logits, labels, given, mask)
        assert float(found.detach()) == 3 * 0.75 * share * error
    assert seen[0][0] is mask and seen[0][1] == 255


def estimation(build, device='cpu'):
    """One with fitted statistics of four classes, and a batch for it."""
    model = build(loss=LOSS, density_estimation=dict(norm='l2'))
    density, head = model.density.to(device), model.student.decode_head
    statistics = head.loss_decode.statistics
    for bank in (statistics.source, statistics.target):
        bank.means.normal_()
        bank.num_updates.fill_(1)
    statistics.to(device)
    labels = torch.randint(4, (2, 12, 10), device=device)
    batch = (
        torch.randn(2, 8, 6, 5, device=device, requires_grad=True),
        torch.randn(2, 4, 12, 10, device=device),
        labels,
        torch.rand(labels.shape, device=device),
        torch.rand(labels.shape, device=device) < 0.5,
    )
    return density, head, statistics, batch


def test_a_kernel_gives_the_same_loss_and_gradient(build):
    pytest.importorskip('triton')
    density, head, statistics, (features, *others) = estimation(build)
    weight, results = density.conv.weight, []
    for kernels in ('triton', 'torch'):
        statistics.kernels = kernels
        features.grad = weight.grad = None
        loss = density(head, features, *others)
        loss.backward()
        results.append(
            (loss.detach(), features.grad, density.conv.weight.grad)
        )
    assert results[0][0] > 0
    torch.testing.assert_close(*results, rtol=1e-5, atol=1e-8)


def test_a_call_is_at_most_twenty_launches_on_a_gpu(build):
    """Its convolution, the resizing and all gradients included."""
    from step_launches import Launches
    from step_memory import without_values

    density, head, statistics, (features, *others) = estimation(build, 'meta')
    counts = {}
    for kernels in ('auto', 'torch'):
        statistics.kernels = kernels
        with without_values(), Launches() as launches:
            density(head, features, *others).backward()
        counts[kernels] = launches.names
    assert counts['auto']['mmseg_balance::density_errors'] == 1
    assert counts['auto'].total() <= 20 < counts['torch'].total()
