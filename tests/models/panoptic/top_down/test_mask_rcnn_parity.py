"""Mask R-CNN's parts against what the public EDAPS computed."""

import numpy as np
import pytest
import torch
from helpers.public_parameters import load_vector, parameters_by_rule
from helpers.reference import reference, whole_files
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData, PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

pytest.importorskip('mmdet')

IN_CHANNELS = [8, 16, 24, 32]
# "both samplers take all", "training proposals max 30" of the reference run
TAKE_ALL = dict(
    rpn=dict(sampler=dict(num=10**6)),
    rpn_proposal=dict(max_per_img=30),
    rcnn=dict(sampler=dict(num=10**6)),
)


def close(found, expected, tolerance=1e-4):
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


def build(**settings):
    init_default_scope('mmseg')
    torch.manual_seed(0)
    return MODELS.build(
        dict(
            type='MaskRCNNHead',
            in_channels=IN_CHANNELS,
            things=list(range(11, 19)),
            **(dict(channels=8, fc_channels=16) | settings),
        )
    )


def instances(arrays, image):
    return InstanceData(
        bboxes=arrays[f'gt_bboxes_{image}'],
        labels=arrays.get(f'gt_labels_{image}', torch.zeros(0)),
        masks=arrays[f'gt_masks_{image}'].bool(),
    )


def samples(arrays):
    found = []
    for image in range(2):
        sample = SegDataSample()
        height, width = arrays['img_hw'].tolist()
        sample.gt_sem_seg = PixelData(data=torch.zeros(1, height, width))
        sample.gt_instances = instances(arrays, image)
        found.append(sample)
    return found


@pytest.mark.parametrize('file', whole_files('panoptic/heads_forward_a'))
@torch.no_grad()
def test_detections(file):
    weights, arrays = load_vector(file)
    head = build(channels=16, fc_channels=32).eval()
    own = {k: v for k, v in weights.items() if 'decode_head.' not in k}
    head.load_state_dict(own)  # the same keys, all of them
    levels = head.neck([arrays[f'feat_{i}'] for i in range(4)])
    scores, deltas = head.rpn_head(levels)
    for i in range(5):
        close(levels[i], arrays[f'fpn_{i}'])
        close(scores[i], arrays[f'rpn_cls_{i}'])
        close(deltas[i], arrays[f'rpn_bbox_{i}'])

    shape = tuple(arrays['mask_results_hw'].tolist())
    (found,) = head.detect(
        [arrays[f'feat_{i}'] for i in range(4)],
        [
            dict(
                img_shape=shape,
                pad_shape=shape,
                ori_shape=shape,
                padding_size=[0] * 4,
            )
        ],
    )
    # class by class; scores are equal to 2e-6 here and there, so that another
    # processor may have them in another order
    boxes, labels = arrays['bbox_results'], arrays['bbox_result_labels']
    matches = same_detections(found, boxes[:, :4], labels)
    assert sorted(matches.tolist()) == list(range(100))
    close(found.scores[matches], boxes[:, 4])
    rows = np.unpackbits(arrays['mask_results'].numpy(), axis=1)
    expected = rows.reshape(100, *shape).astype(bool)
    # and a pixel on a border on its other side
    assert (found.masks[matches].numpy() != expected).sum() <= 2
    close(found.bboxes[:50], arrays['det_bboxes'][:50, :4], 2e-4)
    assert torch.equal(found.labels[:50], arrays['det_labels'][0, :50])


def same_detections(found, boxes, labels):
    """Index of the detection that equals each of K others."""
    distances = (found.bboxes[None] - boxes[:, None]).abs().amax(-1)
    distances[found.labels[None] != labels[:, None]] = torch.inf
    nearest = distances.min(1)
    assert nearest.values.max() < 2e-4
    return nearest.indices


@pytest.mark.parametrize('file', whole_files('panoptic/heads_forward_a'))
@torch.no_grad()
def test_proposals_and_regions(file):
    weights, arrays = load_vector(file)
    head = build(channels=16, fc_channels=32).eval()
    head.load_state_dict(weights, strict=False)
    shape = tuple(arrays['mask_results_hw'].tolist())
    levels = [arrays[f'fpn_{i}'] for i in range(5)]
    (proposals,) = head.rpn_head.predict_by_feat(
        [arrays[f'rpn_cls_{i}'] for i in range(5)],
        [arrays[f'rpn_bbox_{i}'] for i in range(5)],
        batch_img_metas=[dict(img_shape=shape)],
    )
    assert len(proposals) == arrays['n_proposals']
    close(proposals.bboxes[:100], arrays['proposals'][:, :4])
    close(proposals.scores[:100], arrays['proposals'][:, 4])
    rois = torch.nn.functional.pad(arrays['proposals'][:60, :4], (1, 0))
    results = head.roi_head._bbox_forward(levels, rois)
    close(results['cls_score'], arrays['roi_cls_score'])
    close(results['bbox_pred'], arrays['roi_bbox_pred'])
    close(results['bbox_feats'][:3], arrays['roi_feats_first3'])
    rois = torch.nn.functional.pad(arrays['det_bboxes'][:12, :4], (1, 0))
    masks = head.roi_head._mask_forward(levels, rois)['mask_preds']
    labels = arrays['det_labels'][0, :12]
    close(masks[range(12), labels], arrays['mask_logits_first'])


@pytest.mark.parametrize(
    'file', ['panoptic/heads_train_a', *whole_files('panoptic/heads_train_a')]
)
def test_the_branch_in_training(file):
    arrays = reference(file)
    head = build(train_cfg=TAKE_ALL).train()
    shapes = {k: tuple(v.shape) for k, v in head.state_dict().items()}
    head.load_state_dict(parameters_by_rule(shapes, shapes.values()))
    features = [arrays[f'feat_{i}'].requires_grad_() for i in range(4)]
    losses = head.losses(features, samples(arrays))
    logged = zip(
        arrays['log_names'].tolist(),
        arrays['f64_log_values'].tolist(),
        strict=True,
    )
    expected = {k.split('.')[-1]: v for k, v in logged}
    total = sum(value for key, value in losses.items() if 'loss' in key)
    found = {k: v.item() for k, v in (losses | dict(loss=total)).items()}
    assert found == pytest.approx(expected, rel=1e-5)
    total.backward()
    for level in (1, 2, 3):
        close(features[level].grad, arrays[f'grad_feat_{level}'])
    parameters = dict(head.named_parameters())
    close(
        parameters['roi_head.bbox_head.fc_cls.weight'].grad,
        arrays['grad_fc_cls'],
    )
    close(parameters['rpn_head.rpn_reg.weight'].grad, arrays['grad_rpn_reg'])
    norms = [parameters[k].grad.norm().item() for k in arrays['grad_names']]
    assert set(arrays['grad_names']) == set(parameters)
    assert norms == pytest.approx(arrays['f64_grad_norms'].tolist(), rel=1e-4)


@pytest.mark.parametrize('file', whole_files('panoptic/rpn_a'))
def test_region_proposals(file):
    arrays = reference(file)
    rpn = build().rpn_head
    shape = tuple(arrays['img_hw'].tolist())
    metas = [dict(img_shape=shape, pad_shape=shape)] * 2
    truth = [
        InstanceData(
            bboxes=arrays[f'gt_bboxes_{i}'],
            labels=torch.zeros(len(arrays[f'gt_bboxes_{i}'])).long(),
        )
        for i in range(2)
    ]
    sizes = [tuple(size) for size in arrays['level_sizes'].tolist()]
    anchors = rpn.prior_generator.grid_priors(sizes, device='cpu')
    assert torch.equal(torch.cat(anchors), arrays['anchors'])
    for i in range(2):
        assigned = rpn.assigner.assign(
            InstanceData(priors=arrays['anchors']), truth[i]
        )
        assert torch.equal(assigned.gt_inds, arrays['assigned_gt_inds'][i])

    scores = [arrays[f'cls_score_{i}'].requires_grad_() for i in range(5)]
    deltas = [arrays[f'bbox_pred_{i}'].requires_grad_() for i in range(5)]
    torch.manual_seed(1)
    losses = rpn.loss_by_feat(scores, deltas, truth, metas)
    for key in ('loss_rpn_cls', 'loss_rpn_bbox'):
        close(torch.stack(losses[key]), arrays[key], 1e-6)
    sum(map(sum, losses.values())).backward()
    for i in range(5):
        close(scores[i].grad, arrays[f'grad_cls_{i}'], 1e-6)
        close(deltas[i].grad, arrays[f'grad_bbox_{i}'], 1e-6)
    found = rpn.predict_by_feat(
        [score.detach() for score in scores],
        [delta.detach() for delta in deltas],
        batch_img_metas=metas,
        cfg=build().train_cfg.rpn_proposal,
    )
    for i in range(2):
        assert len(found[i]) == arrays['n_proposals'][i]
        close(found[i].bboxes[:200], arrays[f'proposals_{i}'][:, :4])
        close(found[i].scores[:200], arrays[f'proposals_{i}'][:, 4])


@pytest.mark.parametrize('file', whole_files('panoptic/roi_a'))
def test_regions_of_interest(file):
    from mmdet.structures.mask import BitmapMasks

    arrays = reference(file)
    head = build().roi_head
    sampled = []
    for i in range(2):
        truth = instances(arrays, i)
        proposals = InstanceData(priors=arrays[f'proposals_{i}'])
        assigned = head.bbox_assigner.assign(proposals, truth)
        indices = assigned.gt_inds.clone()
        assert torch.equal(indices, arrays[f'proposal_gt_inds_{i}'])
        found = head.bbox_sampler.sample(assigned, proposals, truth)
        for key in ('pos_inds', 'neg_inds', 'pos_assigned_gt_inds'):
            assert torch.equal(getattr(found, key), arrays[f'{key}_{i}'])
        assert torch.equal(found.priors, arrays[f'sampled_bboxes_{i}'])
        sampled.append(found)
    box_head, cfg = head.bbox_head, head.train_cfg
    targets = box_head.get_targets(sampled, cfg)
    names = ('labels', 'label_weights', 'bbox_targets', 'bbox_weights')
    for name, found in zip(names, targets, strict=True):
        close(found, arrays[name], 1e-6)
    scores = arrays['cls_score'].requires_grad_()
    deltas = arrays['bbox_pred'].requires_grad_()
    losses = box_head.loss(scores, deltas, arrays['rois'], *targets)
    for key in ('loss_cls', 'loss_bbox', 'acc'):
        close(losses[key], arrays[key], 1e-5)
    (losses['loss_cls'] + losses['loss_bbox']).backward()
    close(scores.grad, arrays['grad_cls_score'], 1e-6)
    close(deltas.grad, arrays['grad_bbox_pred'], 1e-6)

    shape = arrays['img_hw'].tolist()
    truth = [
        InstanceData(
            masks=BitmapMasks(arrays[f'gt_masks_{i}'].numpy(), *shape)
        )
        for i in range(2)
    ]
    masks = head.mask_head.get_targets(sampled, truth, cfg)
    assert torch.equal(masks, arrays['mask_targets'].float())
    labels = torch.cat([each.pos_gt_labels for each in sampled])
    assert torch.equal(labels, arrays['mask_labels'])
    predicted = torch.zeros(len(labels), 8, 28, 28)
    rows = range(len(labels))
    predicted[rows, labels] = arrays['mask_pred_label_channel']
    predicted.requires_grad_()
    loss = head.mask_head.loss_mask(predicted, masks, labels)
    close(loss, arrays['loss_mask'], 1e-5)
    loss.sum().backward()
    expected = torch.zeros_like(predicted)
    expected[rows, labels] = arrays['grad_mask_label_channel']
    close(predicted.grad, expected, 1e-6)
