"""Methods on a student that finds instances, too."""

import pytest
import torch
from mmengine.optim import OptimWrapper
from mmengine.structures import InstanceData
from mmseg.models.segmentors import EncoderDecoder
from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.errors import UserTypeError
from mmseg_balance.models.uda.objectives import SourceObjective
from mmseg_balance.models.uda.objectives.step import UDAStep

THINGS = dict(classes=[1, 2], min_ratio=0.5)


@MODELS.register_module()
class CountingEncoderDecoder(EncoderDecoder):
    """Learns the number of instances of an image from its features."""

    def __init__(self, decoded=False, **kwargs):
        super().__init__(**kwargs)
        self.instance_head = nn.Linear(8, 1)
        self.instance_head.uses_decoder = decoded
        self.seen = []

    def instance_losses(self, features, data_samples, decoder_features=None):
        self.seen.append((features, data_samples, decoder_features))
        counts = [len(s.gt_instances) for s in data_samples]
        counts = features[-1].new_tensor(counts)
        own = features[-1] if decoder_features is None else decoder_features
        found = self.instance_head(own.mean((2, 3))).squeeze(1)
        return dict(loss_count=(found - counts).square().mean())


@pytest.fixture
def counting(segmentor):
    def counting(**kwargs):
        return dict(segmentor(), type='CountingEncoderDecoder', **kwargs)

    return counting


@pytest.fixture
def counted(batch):
    """Batches whose source images have 0, 1, ... instances."""

    def counted(**kwargs):
        data = batch(**kwargs)
        for count, sample in enumerate(data['source']['data_samples']):
            sample.gt_instances = InstanceData(labels=torch.zeros(count))
        return data

    return counted


def train(model, data, lr=0.05):
    optimizer = torch.optim.SGD(model.trainable.parameters(), lr)
    return model.train_step(data, OptimWrapper(optimizer))


@pytest.mark.parametrize(
    'method, kwargs',
    [
        ('SourceOnly', {}),
        ('DACS', {}),
        ('EDAPS', dict(feature_distance=THINGS)),
        ('MIC', dict(masked_consistency=dict(block_size=8))),
    ],
)
def test_instances_are_learnt_on_the_source_alone(
    method, kwargs, build, counting, counted
):
    model = build(method, segmentor=counting(), **kwargs)
    data = counted()
    before = model.student.instance_head.weight.clone()
    logs = train(model, data)
    [(features, samples, decoded)] = model.student.seen
    assert len(features[-1]) == 2 and decoded is None
    assert [len(s.gt_instances) for s in samples] == [0, 1]
    assert [k for k in logs if 'count' in k] == ['src.loss_count']
    terms = [v for k, v in logs.items() if 'loss' in k and k != 'loss']
    assert logs['loss'] == pytest.approx(sum(terms), rel=1e-5)
    assert not torch.equal(before, model.student.instance_head.weight)


def test_other_numbers_are_those_without_the_branch(
    build, segmentor, counting, counted
):
    logs = []
    for cfg in (segmentor(), counting(), counting(decoded=True)):
        torch.manual_seed(0)
        model = build(
            'EDAPS' if 'Count' in cfg['type'] else 'DAFormer',
            segmentor=cfg,
            feature_distance=THINGS,
        )
        torch.manual_seed(1)
        logs.append(train(model, counted()))
    plain, *others = logs
    for found in others:
        found.pop('loss'), found.pop('src.loss_count')
        assert found.keys() == plain.keys() - {'loss'}
        assert all(found[k] == plain[k] for k in found)


def test_one_pass_gives_the_gradients_of_all_terms(build, counting, counted):
    """Against the sum of terms that are differentiated one by one."""
    model = build('EDAPS', segmentor=counting(), feature_distance=THINGS)
    step = model.prepare(counted())
    runs = []
    model.student.backbone.register_forward_hook(lambda *_: runs.append(0))
    [objective, _] = model.objectives
    losses = objective(model.student, step)
    assert len(runs) == 1
    parameter = model.student.backbone.layers[0].weight
    terms = {k: v for k, v in losses.items() if 'loss' in k}
    gradients = [
        torch.autograd.grad(v, parameter, retain_graph=True)[0]
        for v in terms.values()
    ]
    assert all(g.abs().sum() > 0 for g in gradients) and len(gradients) == 3
    sum(terms.values()).backward()
    torch.testing.assert_close(parameter.grad, sum(gradients))


def test_a_shared_decoder_is_learnt_from_both_branches(
    build, counting, counted
):
    model = build(
        'EDAPS', segmentor=counting(decoded=True), feature_distance=THINGS
    )
    step = model.prepare(counted())
    losses = model.objectives[0](model.student, step)
    [(_, _, decoded)] = model.student.seen
    head = model.student.decode_head
    with torch.no_grad():
        features = model.student.extract_feat(step.source_images)
        expected = head._forward_feature(features)
    torch.testing.assert_close(decoded, expected)
    losses['loss_count'].backward()
    assert head.convs[0].conv.weight.grad.abs().sum() > 0
    assert head.conv_seg.weight.grad is None


def test_the_teacher_has_the_branch_and_does_not_use_it(
    build, counting, counted
):
    model = build('EDAPS', segmentor=counting(), feature_distance=THINGS)
    train(model, counted())
    assert model.teacher.seen == []
    model.update_teacher(1)
    head = model.student.instance_head
    assert not torch.equal(head.weight, model.teacher.instance_head.weight)
    model.update_teacher(0)
    assert torch.equal(head.weight, model.teacher.instance_head.weight)


def test_a_method_that_would_not_train_the_branch_is_refused(
    build, segmentor, counting
):
    with pytest.raises(UserTypeError, match='EDAPS needs .*DAFormer'):
        build('EDAPS', segmentor=segmentor(), feature_distance=THINGS)
    objectives = [dict(type='ClassMixedObjective')]
    with pytest.raises(UserTypeError, match='instance_head is Linear.*trains'):
        build(
            'UDASegmentor',
            segmentor=counting(),
            objectives=objectives,
            alpha=0.9,
        )


def test_a_step_made_by_hand_needs_no_samples(build, segmentor):
    model = build('SourceOnly', segmentor=segmentor())
    images = torch.zeros(1, 3, 32, 32)
    step = UDAStep(images, torch.zeros(1, 32, 32, dtype=torch.long))
    assert step.source_samples == ()
    assert 'decode.loss_ce' in SourceObjective()(model.student, step)
