"""Methods whose student fuses two frames."""

import pytest
import torch
from helpers.fusing_networks import add_moved_frames, fusing
from mmengine.optim import OptimWrapper

from mmseg_balance.models.frames.pairs import STACKED_CHANNELS

THINGS = dict(classes=[1, 2], min_ratio=0.5)
BLDA = dict(type='BLDALoss', num_classes=4, min_samples=4)
GBW = dict(BLDA, criterion=dict(type='GBWLoss', regularization=0.1))
BLOCKS = dict(block_size=8)
METHODS = {
    'SourceOnly': {},
    'DACS': {},
    'DAFormer': dict(feature_distance=THINGS),
    'HRDA': dict(feature_distance=THINGS),
    'MIC': dict(masked_consistency=BLOCKS),
    'MIC on HRDA': dict(feature_distance=THINGS, masked_consistency=BLOCKS),
}


def hrda_cfg(cfg):
    single = cfg.pop('decode_head')
    shared = {k: single.pop(k) for k in ('loss_decode', 'num_classes')}
    head = dict(type='HRDAHead', head=single, attention=single, **shared)
    crops = dict(detail_crop_size=(16, 16), crop_coord_divisible=4)
    return dict(cfg, type='HRDAEncoderDecoder', decode_head=head, **crops)


@pytest.fixture
def model_of(build, segmentor):
    """Build a method on a tiny network that fuses frames."""

    def model_of(name, loss=None, **changes):
        cfg = segmentor(loss)
        cfg = fusing(hrda_cfg(cfg) if 'HRDA' in name else cfg)
        settings = METHODS.get(name, {}) | changes
        model = build(name.split()[0], segmentor=cfg, **settings)
        model.init_weights()
        return model

    return model_of


def pairs(batch, seed=0, **kwargs):
    data = batch(seed=seed)
    for number, branch in enumerate(data.values()):
        add_moved_frames(branch, 2 * seed + number, **kwargs)
    return data


def step(model, data, number=1):
    optimizer = torch.optim.SGD(model.trainable.parameters(), 0.05)
    logs = model.train().train_step(data, OptimWrapper(optimizer))
    for module in model.modules():
        if hasattr(module, 'update_statistics'):
            module.update_statistics()
    if model.teacher is not None:
        model.update_teacher(number)
    return logs


@pytest.mark.parametrize('name', METHODS)
@pytest.mark.parametrize('loss', [None, BLDA, GBW], ids=['CE', 'BLDA', 'GBW'])
def test_steps_learn(name, loss, model_of, batch):
    density = {} if loss is BLDA else None
    settings = dict(density_estimation=density, pseudo_threshold=0.0)
    model = model_of(name, loss, **settings)
    weights = [p for p in model.student.parameters() if p.dim() > 1]
    before = [weight.clone() for weight in weights]
    kernel = model.student.decode_head.fusion.weight
    for number in range(1, 4):
        logs = step(model, pairs(batch, number), number)
    assert all(not torch.equal(*pair) for pair in zip(before, weights))
    assert (kernel[:, 4:, 0, 0] != 0).any()
    terms = [v for k, v in logs.items() if 'loss' in k and k != 'loss']
    assert logs['loss'] == pytest.approx(sum(terms), rel=1e-4)
    if model.teacher is not None:
        followed = model.teacher.decode_head.fusion.weight
        assert (followed[:, 4:] != 0).any()
        assert not any('loss_decode' in k for k in model.teacher.state_dict())
    if loss is not None:
        statistics = model.student.decode_head.loss_decode.statistics
        assert (statistics.source.num_updates > 0).any()
        has_target = name != 'SourceOnly'
        assert (statistics.target.num_updates > 0).any() == has_target


@pytest.mark.parametrize('name', ['DACS', 'MIC on HRDA'])
def test_all_weights_learn_in_half_precision(name, model_of, batch):
    """The pass without gradients leaves all weights theirs."""
    model = model_of(name, BLDA, pseudo_threshold=0.0)
    weights = {
        name: (weight, weight.detach().clone())
        for name, weight in model.student.named_parameters()
        if weight.dim() > 1
    }
    with torch.autocast('cpu', torch.bfloat16):
        step(model, pairs(batch))
    still = [k for k, pair in weights.items() if torch.equal(*pair)]
    assert not still


def test_losses_and_statistics_see_fused_logits_alone(model_of, batch):
    model = model_of('DACS', BLDA, pseudo_threshold=0.0)
    head, seen, fused = model.student.decode_head, [], []
    head.fusion.weight.data[:, :4] = 0  # what is left is the frame before's
    head.fusion.weight.data[:, 4:, 0, 0] = 2 * torch.eye(4)
    head.fusion.register_forward_hook(
        lambda module, args, out: fused.append(out)
    )
    head.loss_decode.register_forward_pre_hook(
        lambda module, args: seen.append(args[0])
    )
    step(model, pairs(batch))
    assert len(seen) == len(fused) == 2  # source and mixed images
    for logits, own in zip(seen, fused):
        size = logits.shape[-2:]
        expected = torch.nn.functional.interpolate(own, size, mode='bilinear')
        torch.testing.assert_close(logits, expected)


def test_mixed_and_masked_images_are_pairs(model_of, batch):
    model = model_of('MIC', pseudo_threshold=0.0, augmentation=None)
    prepared = model.prepare(pairs(batch))
    assert prepared.source_images.shape[1] == STACKED_CHANNELS
    mixed, masked = (o.training_batch(prepared) for o in model.objectives[1:])
    target = prepared.target_images
    kept = (masked.images[:, :6] == target[:, :6]).all(1, keepdim=True)
    assert 0 < kept.float().mean() < 1
    assert torch.equal(masked.images[:, :6], target[:, :6] * kept)
    assert torch.equal(masked.images[:, 6:], target[:, 6:])
    is_target = mixed.target_mask[:, None].expand(-1, 2, -1, -1)
    expected = torch.where(
        is_target,
        target[:, 6:8],
        prepared.source_images[:, 6:8],
    )
    assert torch.equal(mixed.images[:, 6:8], expected)


def test_frames_are_cut_by_labels_of_their_own(model_of, batch):
    model = model_of(
        'DACS', frame_masks='own', augmentation=None, pseudo_threshold=0.0
    )
    data = pairs(batch)
    prepared = model.prepare(data)
    assert prepared.source_frames.labels is not None
    mixed = model.objectives[1].training_batch(prepared)
    labels, before = prepared.source_labels, prepared.source_frames.labels
    for n in range(len(labels)):
        chosen = set(labels[n][~mixed.target_mask[n]].tolist())
        cut = sum(before[n] == c for c in chosen) > 0
        expected = torch.where(
            cut,
            prepared.source_images[n, 3:6],
            prepared.target_images[n, 3:6],
        )
        assert torch.equal(mixed.images[n, 3:6], expected)
    step(model, data)
    with pytest.raises(ValueError, match='with_labels=True of LoadPrevious'):
        step(model, pairs(batch, labels=False))


def test_what_does_not_go_with_frames_is_refused(build, segmentor, batch):
    with pytest.raises(ValueError, match="frame_masks='own' mixes the fra"):
        build('DACS', segmentor=segmentor(), frame_masks='own')
    with pytest.raises(ValueError, match="one of .*but got 'both'"):
        build('DACS', segmentor=fusing(segmentor()), frame_masks='both')
    with pytest.raises(TypeError, match='which leaves out what AccelEncoder'):
        build('CDAC', segmentor=fusing(segmentor()), feature_distance=THINGS)
    for cfg in (segmentor(), hrda_cfg(segmentor())):
        cfg = dict(fusing(cfg), type=cfg['type'])
        fuses = f"remove in_tests.*type to 'Accel{cfg['type']}'"
        with pytest.raises(ValueError, match=fuses):
            build('DACS', segmentor=cfg)
        cfg['data_preprocessor'].pop('in_tests')
        build('DACS', segmentor=cfg)
    model = build('DACS', segmentor=fusing(segmentor()))
    with pytest.raises(ValueError, match='AccelEncoderDecoder learns from pa'):
        step(model, batch())


@pytest.mark.parametrize('name', ['AdversarialObjective', 'EntropyObjective'])
def test_objectives_on_predictions_take_fused_ones(
    name, build, segmentor, batch, optimizers
):
    objectives = [dict(type='SourceObjective'), dict(type=name)]
    model = build(
        'UDASegmentor', segmentor=fusing(segmentor()), objectives=objectives
    )
    model.init_weights()
    data = pairs(batch)
    kernel = model.student.decode_head.fusion.weight
    logs = model.train_step(data, optimizers(model))
    assert any(k.startswith(model.objectives[1].prefix) for k in logs)
    assert (kernel[:, 4:] != 0).any()


def test_features_of_the_image_are_aligned(build, segmentor, batch):
    alignment = dict(
        type='FeatureAlignmentObjective',
        stuff_classes=[0, 1],
        thing_classes=[2],
        stuff_buffer=1,
        thing_buffer=1,
    )
    for feature in ('classifier', 0):
        model = build(
            'UDASegmentor',
            segmentor=fusing(segmentor()),
            objectives=[
                dict(type='SourceObjective'),
                dict(alignment, feature=feature),
            ],
        )
        model.init_weights()
        for number in range(1, 3):
            logs = step(model, pairs(batch, number), number)
        assert 'align.loss_stuff' in logs
