"""Teacher, masks and augmentation against the public code for classifiers."""

import kornia
import pytest
import torch
from helpers.reference import SHARED, reference, whole_files
from helpers.tiny_classifiers import package_name, reference_classifier

from mmseg_balance.models.head_losses.pixel_targets import PixelTargets
from mmseg_balance.models.head_losses.segmentation_loss import loss_values
from mmseg_balance.models.uda.mixing.block_mask import block_mask
from mmseg_balance.models.uda.mixing.photometric import (
    StrongAugmentation,
    gaussian_blur,
)

FOLDER = 'classification'
pytestmark = pytest.mark.skipif(
    not whole_files(FOLDER), reason=f'no vectors in {SHARED}'
)
EXACT = dict(rtol=0, atol=1e-10)


def vectors(name):
    (file,) = whole_files(f'{FOLDER}/{name}')
    return reference(file)


def own_tensors(model, names):
    """Tensors of a model, in the order of names of the public code."""
    state = model.state_dict()
    return [state[package_name(str(name))] for name in names]


def fill(tensors, flat):
    sizes = [tensor.numel() for tensor in tensors]
    for tensor, values in zip(tensors, flat.split(sizes)):
        tensor.copy_(values.view(tensor.shape))


def flat(tensors):
    return torch.cat([tensor.flatten().double() for tensor in tensors])


@pytest.mark.parametrize('mode', ['prob', 'none'])
def test_teacher_and_pseudo_labels(build, mode):
    arrays = vectors(f'ema_{mode}')
    size = arrays['X'].shape[-1]
    student = reference_classifier(arrays, vector=False, size=size)
    model = build(
        'UDASegmentor',
        segmentor=student,
        objectives=[dict(type='MaskedObjective')],
        alpha=arrays['alpha'].item(),
        pseudo_threshold=0.0,
        pseudo_weighting='confidence' if mode == 'prob' else 'pixel',
    )
    names = arrays['param_names'], arrays['buffer_names']
    students, _ = (own_tensors(model.student, n) for n in names)
    teachers, buffers = (own_tensors(model.teacher, n) for n in names)
    for i, images in enumerate(arrays['X']):
        fill(students, arrays['student'][i])
        model.update_teacher(i)
        torch.testing.assert_close(
            flat(teachers), arrays['teacher'][i], **EXACT
        )
        torch.testing.assert_close(
            flat(buffers), arrays['buffers_after_update'][i], **EXACT
        )
        logits = model.teacher_logits(images)
        torch.testing.assert_close(
            logits[..., 0, 0], arrays['teacher_logits'][i], **EXACT
        )
        torch.testing.assert_close(
            flat(buffers), arrays['buffers_after_forward'][i], **EXACT
        )
        pseudo = model.label_target(logits)
        labels, weight = (v[:, 0, 0] for v in (pseudo.labels, pseudo.weight))
        assert torch.equal(labels, arrays['pseudo_label'][i])
        expected = torch.ones(len(images))
        if mode == 'prob':
            expected = arrays['pseudo_weight'][i].float()
        torch.testing.assert_close(weight, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize('mode', ['prob', 'none'])
def test_masked_loss_of_both_passes(mode):
    arrays = vectors(f'ema_{mode}')
    head = reference_classifier(arrays, vector=False).decode_head
    labels = arrays['mask_labels'][:, None, None]
    weights = arrays['mask_weights'].view(-1, 1, 1).expand_as(labels)
    for number, weight in ((1, weights), (2, None)):
        logits = arrays['mask_logits'].clone().requires_grad_()
        (loss,) = loss_values(
            head, logits[..., None, None], PixelTargets(labels, weight)
        ).values()
        loss.backward()
        expected = arrays[f'mask_loss_pass{number}']
        # MMSegmentation divides by N + 1.2e-7
        near = dict(rtol=1e-7, atol=0)
        torch.testing.assert_close(loss.detach(), expected, **near)
        torch.testing.assert_close(
            logits.grad, arrays[f'mask_grad_pass{number}'], **near
        )


def test_masks():
    arrays = vectors('masks')
    for case in range(arrays['n_cases']):
        found = {
            key.removeprefix(f'c{case}_'): value
            for key, value in arrays.items()
            if key.startswith(f'c{case}_')
        }
        images = torch.zeros(found['shape'][0], 3, *found['shape'][1:])
        settings = found['block_size'].item(), found['ratio'].item()
        torch.manual_seed(found['seed'].item())
        drawn = block_mask(images, *settings)
        given = block_mask(images, *settings, found['rand'])
        for mask in (drawn, given):
            assert torch.equal(mask[:, 0], found['mask'].float())
    torch.manual_seed(arrays['img_seed'].item())
    mask = block_mask(
        arrays['img'],
        arrays['img_block_size'].item(),
        arrays['img_ratio'].item(),
    )
    assert torch.equal(arrays['img'] * mask, arrays['img_masked'])


def test_blur():
    arrays = vectors('masks_augmentation')
    found = gaussian_blur(arrays['img'], arrays['blur_sigma'].item())
    torch.testing.assert_close(found, arrays['blur_out'], rtol=0, atol=1e-5)
    for side, kernel in arrays['blur_kernel_sizes'].T.tolist():
        point = torch.zeros(1, 1, side, side)
        point[..., side // 2, side // 2] = 1
        if kernel > 1:
            spread = gaussian_blur(point, 9.0)[0, 0, side // 2]
            assert (spread > 0).sum() == kernel


def test_jitter(monkeypatch):
    arrays = vectors('masks_augmentation')
    prefix = 'jitter_param_'
    drawn = {
        key.removeprefix(prefix): value
        for key, value in arrays.items()
        if key.startswith(prefix)
    }
    monkeypatch.setattr(
        kornia.augmentation.ColorJiggle,
        'generate_parameters',
        lambda self, shape: dict(drawn),
    )
    jitter = StrongAugmentation(
        *(arrays[k].float() * 255 for k in ('mean', 'std')),
        jitter_probability=1.0,
        blur_probability=0.0,
    )
    found = jitter(arrays['img'])
    torch.testing.assert_close(found, arrays['jitter_out'], rtol=0, atol=1e-4)
    assert not torch.allclose(found, arrays['img'], atol=0.01)


def test_both_are_on_with_the_seeds_of_the_scripts():
    """Drawn once a run there; published configs have probabilities of 1."""
    arrays = vectors('masks_augmentation')
    for seed in (0, 2):
        jitter, blur = arrays[f'ctor_seed{seed}_jitter_blur_draws']
        assert jitter > 0.2 and blur > 0.5
