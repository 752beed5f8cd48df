"""Mixing, pseudo-labels, teacher and blur against the public code."""

import pytest
import torch
from helpers.reference import reference, whole_files
from torch import nn

from mmseg_balance.models.uda.mixing.class_mix import (
    class_masks,
    draw_mix_masks,
    mix,
)
from mmseg_balance.models.uda.mixing.photometric import (
    StrongAugmentation,
    gaussian_blur,
)
from mmseg_balance.models.uda.teacher.averaging import (
    move_teacher,
    teacher_momentum,
)
from mmseg_balance.models.uda.teacher.pseudo_labels import pseudo_labels


@pytest.fixture(scope='module', params=['dacs', *whole_files('dacs')])
def dacs(request):
    return reference(request.param)


def chosen_classes(classes):
    chosen = torch.zeros(len(classes), 256, dtype=torch.bool)
    for row, these in zip(chosen, classes):
        row[these] = True
    return chosen


@pytest.mark.parametrize('seed', range(4))
def test_class_masks_agree_with_the_public_code(dacs, seed):
    labels = dacs['cm_labels'][:, 0]
    present = dacs[f'cm_seed{seed}_unique_labels']
    classes = []
    for image in range(2):
        choice = dacs[f'cm_seed{seed}_choice{image}']
        assert len(choice) == (len(present) + 1) // 2
        classes.append(present[choice])
    masks = class_masks(labels, chosen_classes(classes))
    assert torch.equal(masks, dacs[f'cm_seed{seed}_masks'][:, 0, 0].bool())


@pytest.mark.parametrize(
    'present', [[0], [0, 5], [0, 3, 255], list(range(19)) + [255]]
)
def test_half_of_the_classes_of_the_batch_are_drawn(present):
    present = torch.tensor(present)
    labels = present.repeat(8)[None, None].expand(16, 1, -1)
    seen = torch.zeros(256)
    for _ in range(50):
        masks = draw_mix_masks(labels)
        for label, mask in zip(labels, masks):
            drawn = label[mask].unique()
            assert len(drawn) == (len(present) + 1) // 2
            # all of a class or nothing
            assert torch.equal(mask, torch.isin(label, drawn))
            seen[drawn] += 1
    share = (len(present) + 1) // 2 / len(present)
    spread = 5 * (800 * share * (1 - share)) ** 0.5
    assert (seen[present] - 800 * share).abs().max() <= spread


def test_a_class_of_another_image_takes_part_in_the_draw():
    """Of two classes, each in one image, one image may paste nothing."""
    labels = torch.stack([torch.zeros(2, 2), torch.ones(2, 2)]).long()
    shares = torch.stack(
        [draw_mix_masks(labels).float().mean((1, 2)) for _ in range(200)]
    )
    assert shares.unique().tolist() == [0, 1]
    assert (shares.mean(0) - 0.5).abs().max() < 0.18


def test_mix_agrees_with_the_public_code(dacs):
    mask = dacs['mix_mask'][:, 0, 0].bool()
    image = mix(mask, dacs['mix_img_source'], dacs['mix_img_target'])
    assert torch.equal(image, dacs['mix_img'])
    labels = mix(mask, dacs['cm_labels'][:, 0], dacs['mix_pseudo_label'])
    assert torch.equal(labels, dacs['mix_label'][:, 0, 0])
    weight = dacs['mix_pseudo_weight'].masked_fill(mask, 1.0)
    assert torch.equal(weight, dacs['mix_weight'][:, 0])


@pytest.mark.parametrize('threshold', [0.968, 0.5, 0.0])
def test_pseudo_labels_agree_with_the_public_code(dacs, threshold):
    name = f'th{round(threshold * 1000):03d}'
    logits = dacs['pl_teacher_logits']
    whole = pseudo_labels(logits, threshold)
    assert torch.equal(whole.labels, dacs['pl_label'])
    torch.testing.assert_close(whole.weight, dacs[f'pl_weight_raw_{name}'])
    cut = pseudo_labels(logits, threshold, ignore_top=3, ignore_bottom=8)
    torch.testing.assert_close(
        cut.weight, dacs[f'pl_weight_top3_bottom8_{name}']
    )


def test_valid_pixels_alone_are_counted_and_weighted():
    logits = torch.zeros(1, 3, 2, 4)
    logits[:, 1] = 9.0
    logits[..., 3] = 0
    valid = torch.ones(1, 2, 4, dtype=torch.bool)
    valid[:, 1] = False
    pseudo = pseudo_labels(logits, 0.9, valid)
    assert pseudo.confident == 0.75
    assert torch.equal(pseudo.weight, 0.75 * valid)
    by_pixel = pseudo_labels(logits, 0.9, valid, weighting='pixel')
    assert by_pixel.weight[0].tolist() == [[1, 1, 1, 0], [0, 0, 0, 0]]
    nothing = pseudo_labels(logits, 0.9, torch.zeros_like(valid))
    assert (nothing.weight == 0).all() and nothing.weight.isfinite().all()


@pytest.mark.parametrize('alpha', [0.999, 0.99])
def test_momentum_agrees_with_the_public_code(dacs, alpha):
    expected = dacs[f'ema_teacher_after_alpha{round(alpha * 1000)}']
    for i, value in zip(dacs['ema_iters'].tolist(), expected[:, 0]):
        assert teacher_momentum(i, alpha) == pytest.approx(
            float(value), abs=1e-6
        )


def test_the_teachers_course_agrees_with_the_public_code(dacs):
    student, teacher = nn.Module(), nn.Module()
    for module in (student, teacher):
        module.weight = nn.Parameter(torch.zeros(4))
    for i, (given, expected) in enumerate(
        zip(dacs['ema_seq_student'], dacs['ema_seq_teacher'])
    ):
        student.weight.data.copy_(given)
        move_teacher(teacher, student, teacher_momentum(i, 0.999))
        torch.testing.assert_close(teacher.weight.detach(), expected)


def test_blur_agrees_with_the_public_code(dacs):
    blurred = gaussian_blur(dacs['blur_in'], float(dacs['blur_sigma_seed21']))
    torch.testing.assert_close(blurred, dacs['blur_out'], rtol=1e-4, atol=1e-4)


def augmentation(**kwargs):
    return StrongAugmentation(
        torch.full((3,), 120.0), torch.full((3,), 60.0), **kwargs
    )


def test_each_augmentation_has_its_own_coin():
    images = torch.randn(2, 3, 20, 20)
    off = dict(jitter_probability=0.0, blur_probability=0.0)
    assert torch.equal(augmentation(**off)(images), images)
    calls = []
    both = augmentation(jitter_probability=0.8, blur_probability=0.5)
    for _ in range(200):
        out = both(images)
        # blur takes the noise away, jitter alone keeps its spread
        calls.append((not torch.equal(out, images), out.std() < 0.95))
    changed = sum(c for c, _ in calls)
    assert abs(changed - 180) < 30  # 1 - 0.2 * 0.5 = 0.9


def test_jitter_keeps_the_range_of_colours():
    images = (torch.rand(2, 3, 16, 16) * 255 - 120) / 60
    out = augmentation(jitter_probability=1.0, blur_probability=0.0)(images)
    assert not torch.equal(out, images)
    colours = out * 60 + 120
    assert colours.min() > -1e-3 and colours.max() < 255 + 1e-3


def test_one_channel_is_jittered_as_a_grey_image():
    """Brightness and contrast of a thermal image, by the same draws."""
    grey = (torch.rand(2, 1, 16, 16) * 255 - 120) / 60
    colours = augmentation(jitter_probability=1.0, blur_probability=0.0)
    thermal = StrongAugmentation(
        torch.tensor([120.0]),
        torch.tensor([60.0]),
        jitter_probability=1.0,
        blur_probability=0.0,
    )
    torch.manual_seed(3)
    expected = colours(grey.expand(-1, 3, -1, -1))
    torch.manual_seed(3)
    found = thermal(grey)
    assert found.shape == grey.shape and not torch.equal(found, grey)
    torch.testing.assert_close(
        found.expand(-1, 3, -1, -1), expected, rtol=0, atol=1e-5
    )


def test_jitter_of_other_channels_is_refused():
    four = torch.ones(4)
    with pytest.raises(ValueError, match='mean has 4 values: set jitter_prob'):
        StrongAugmentation(four, four)
    blur = StrongAugmentation(four, four, jitter_probability=0.0)
    assert blur(torch.randn(1, 4, 20, 20)).shape == (1, 4, 20, 20)


@pytest.mark.parametrize(
    'name', ['jitter_probability', 'jitter_strength', 'blur_probability']
)
def test_settings_out_of_range(name):
    with pytest.raises(ValueError, match=f'`{name}`.*1.5'):
        augmentation(**{name: 1.5})
