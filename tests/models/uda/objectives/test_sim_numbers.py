"""FeatureAlignmentObjective and its parts against numbers of SIM."""

import pytest
import torch
from helpers.given_features import (
    STUFF,
    THINGS,
    given_segmentor,
    rule,
)
from helpers.reference import corner, reference, whole_files

from mmseg_balance.models.uda.alignment.segments import (
    SegmentFinder,
    mean_features,
)
from mmseg_balance.models.uda.objectives import (
    FeatureAlignmentObjective,
    SourceObjective,
)
from mmseg_balance.models.uda.objectives.step import UDAStep

ITERATIONS = 20


@pytest.mark.parametrize('place', ['', *whole_files('')])
def test_objects_and_means_are_those_of_the_public_code(place):
    expected = reference(f'{place}sim_parts')
    things = expected['fg_label_ids'].tolist()
    assert things == list(THINGS)
    finder = SegmentFinder(expected['bg_label_ids'].tolist(), things, 10)
    segments = finder(expected['label'][None])
    _, masks = finder.by_class(segments.masks)
    _, sizes = finder.by_class(segments.sizes)
    for k in range(len(things)):
        found = {
            tuple(mask.flatten().tolist())
            for mask, size in zip(masks[k, 0], sizes[k, 0], strict=True)
            if size
        }
        numbers = expected[f'fg{k}_segments'].flatten()
        count = len(expected[f'fg{k}_pixelnum'])
        assert found == {
            tuple((numbers == i + 1).tolist()) for i in range(count)
        }
        assert sizes[k, 0].sum() == expected[f'fg{k}_pixelnum'].sum()
    mask = expected['pool_mask'].bool().flatten()[None, None]
    for masks, key in ((mask, ''), (mask & False, '_empty_mask')):
        segments = segments._replace(masks=masks, sizes=masks.sum(-1))
        torch.testing.assert_close(
            mean_features(expected['feature'], segments)[0],
            expected[f'pooled{key}'],
        )


@pytest.mark.parametrize('place', ['', *whole_files('')])
def test_eq_3_is_the_image_wise_loss_of_the_public_code(place, build):
    """As PHFA has it: of the probabilities, and with alpha 0.2."""
    expected = reference(f'{place}maxsquare')
    model = build(
        'PHFA', feature_alignment=dict(stuff_classes=[0]), adversarial=None
    )
    square, _ = model.objectives[1].terms
    for i in range(2):
        logits = expected['logits'][i, None].requires_grad_()
        loss = square.criterion(logits)
        key = f'image{i}_iw_maxsquare_ratio02'
        torch.testing.assert_close(loss.detach(), expected[key])
        loss.backward()
        kept = expected[f'{key}_grad']
        bound = 1e-5 * float(kept.abs().max())
        torch.testing.assert_close(
            corner(logits.grad, kept), kept, rtol=0, atol=bound
        )


@pytest.mark.parametrize('place', ['', *whole_files('')])
def test_twenty_iterations_are_those_of_the_public_code(place):
    expected = reference(f'{place}sim_losses')
    student = given_segmentor()
    backbone, head = student.backbone, student.decode_head
    stuff, things = int(expected['num_prototype']), int(expected['num_ins'])
    aligned = FeatureAlignmentObjective(
        STUFF, THINGS, stuff_buffer=stuff, thing_buffer=things
    )
    aligned.attach(student)
    source = SourceObjective()
    image = torch.zeros(1, 3, 12, 16)
    for i in range(ITERATIONS):
        labels = expected['src_label_full'][i, None]
        step = UDAStep(image, labels, image, torch.ones_like(labels) > 0)
        backbone.given = rule(expected['src_feature_class'][i], False, i)
        head.given = expected['src_logits'][i, None]
        with aligned.around(student, source):
            source(student, step)
        assert torch.equal(aligned.stuff.written, expected['src_cls_ptr'][i])
        assert torch.equal(aligned.things.written, expected['src_ins_ptr'][i])
        features = rule(expected['trg_feature_class'][i], True, i)
        backbone.given = features.requires_grad_()
        head.given = expected['trg_logits'][i, None]
        losses = aligned(student, step)
        for name, key in (('stuff', 'cls'), ('thing', 'ins')):
            torch.testing.assert_close(
                losses[f'loss_{name}'].detach(),
                0.01 * expected[f'loss_{key}'][i],
                atol=1e-7,
                rtol=1e-6,
            )
    for buffer, key in ((aligned.stuff, 'cls'), (aligned.things, 'ins')):
        kept = expected[f'final_src_{key}_features_first32ch']
        torch.testing.assert_close(corner(buffer.features, kept), kept)
    (losses['loss_stuff'] + losses['loss_thing']).backward()
    kept = expected['grad_trg_feature_last_first32ch']
    found = features.grad[0]
    torch.testing.assert_close(corner(found, kept), kept, atol=0, rtol=1e-5)
    torch.testing.assert_close(
        found.norm(), expected['grad_trg_feature_last_norm']
    )
