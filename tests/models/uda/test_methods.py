"""DAFormer, HRDA and MIC: what their steps are made of."""

import pytest
import torch
from mmengine.optim import OptimWrapper
from mmengine.structures import PixelData
from torch import nn

from mmseg_balance.models.decode_heads.hrda_head import HRDAHead
from mmseg_balance.models.uda import MaskedObjective, UDASegmentor

THINGS = dict(classes=[1, 2], min_ratio=0.5)
BLDA = dict(type='BLDALoss', num_classes=4, min_samples=4)
BLOCKS = dict(block_size=8)


def hrda_cfg(segmentor, loss=None, **kwargs):
    """The tiny segmentor at two scales."""
    cfg = segmentor(loss)
    single = cfg.pop('decode_head')
    loss = single.pop('loss_decode')
    single.pop('num_classes')
    return dict(
        cfg,
        type='HRDAEncoderDecoder',
        detail_crop_size=(16, 16),
        crop_coord_divisible=4,
        decode_head=dict(
            type='HRDAHead',
            head=single,
            attention=single,
            num_classes=4,
            loss_decode=loss,
        ),
        **kwargs,
    )


def wrapper(model, lr=0.05):
    parameters = model.trainable.parameters()
    return OptimWrapper(torch.optim.SGD(parameters, lr))


def step(model, data, number=1):
    logs = model.train().train_step(data, wrapper(model))
    for module in model.modules():
        if hasattr(module, 'update_statistics'):
            module.update_statistics()
    model.update_teacher(number)
    return logs


METHODS = {
    'DAFormer': dict(feature_distance=THINGS),
    'HRDA': dict(feature_distance=THINGS),
    'MIC': dict(masked_consistency=BLOCKS),
    'MIC on DAFormer': dict(feature_distance=THINGS),
    'MIC on HRDA': dict(feature_distance=THINGS),
}


def make(name, build, segmentor, loss=None, **kwargs):
    hrda = 'HRDA' in name
    cfg = hrda_cfg(segmentor, loss) if hrda else segmentor(loss)
    settings = {**METHODS[name], **kwargs}
    if 'MIC' in name:
        settings.setdefault('masked_consistency', BLOCKS)
    return build(name.split()[0], segmentor=cfg, **settings)


@pytest.mark.parametrize('name', METHODS)
@pytest.mark.parametrize('loss', [None, BLDA])
def test_steps_learn_and_log_their_terms(name, loss, build, segmentor, batch):
    density = {} if loss else None
    model = make(name, build, segmentor, loss, density_estimation=density)
    model.init_weights()
    weights = [p for p in model.student.parameters() if p.dim() > 1]
    before = [weight.clone() for weight in weights]
    for number in range(1, 4):
        logs = step(model, batch(seed=number), number)
    assert all(not torch.equal(*pair) for pair in zip(before, weights))
    main = 'loss_blda' if loss else 'loss_ce'
    expected = {f'{p}.decode.{main}' for p in ('src', 'mix')}
    if 'MIC' in name:
        expected.add(f'masked.decode.{main}')
    if 'HRDA' in name:
        expected |= {k.replace('decode', 'decode.detail') for k in expected}
    if model.objectives[0].feature_distance is not None:
        expected.add('src.loss_feature_distance')
    found = {k for k in logs if 'loss' in k and 'density' not in k}
    assert found == expected | {'loss'}
    terms = [v for k, v in logs.items() if 'loss' in k and k != 'loss']
    assert logs['loss'] == pytest.approx(sum(terms), rel=1e-4)
    densities = {k for k in logs if 'density' in k}
    assert len(densities) == (0 if not loss else 4 if 'HRDA' in name else 2)
    assert not any('masked' in k for k in densities)


@pytest.mark.parametrize('name', ['DAFormer', 'MIC on HRDA'])
def test_low_precision_gives_nearly_the_same_losses(
    name, build, segmentor, batch
):
    logs = []
    for low in (False, True):
        torch.manual_seed(0)
        model = make(name, build, segmentor, BLDA, density_estimation={})
        model.init_weights()
        for number in range(1, 3):
            torch.manual_seed(number)
            with torch.autocast('cpu', torch.bfloat16, enabled=low):
                logs.append(step(model, batch(seed=number), number))
    for whole, low in zip(logs[:2], logs[2:]):
        assert whole.keys() == low.keys()
        for key in whole:
            if 'loss' in key:
                assert low[key] == pytest.approx(whole[key], 0.1, 0.02), key
    statistics = model.student.decode_head.loss_decode.statistics
    assert statistics.source.means.dtype == torch.float32


@pytest.mark.parametrize('name', ['HRDA', 'MIC on HRDA'])
def test_fused_and_detail_statistics_differ(name, build, segmentor, batch):
    model = make(name, build, segmentor, BLDA, pseudo_threshold=0.0)
    for number in range(1, 3):
        step(model, batch(seed=number), number)
    head = model.student.decode_head
    fused, detail = (h.loss_decode.statistics for h in (head, head.head))
    for statistics in (fused, detail):
        assert (statistics.source.num_updates > 0).any()
        assert (statistics.target.num_updates > 0).any()
    assert not torch.equal(fused.source.means, detail.source.means)
    assert not any('loss_decode' in k for k in model.teacher.state_dict())


@pytest.mark.parametrize('name', ['DAFormer', 'MIC on HRDA'])
def test_gradient_based_weights_in_every_objective(
    name, build, segmentor, batch
):
    loss = dict(BLDA, criterion=dict(type='GBWLoss', regularization=0.1))
    model = make(name, build, segmentor, loss, pseudo_threshold=0.0)
    for number in range(1, 3):
        logs = step(model, batch(seed=number), number)
    plain = make(name, build, segmentor, BLDA, pseudo_threshold=0.0)
    assert (
        logs.keys() == plain.train().train_step(batch(), wrapper(plain)).keys()
    )
    assert all(v > 0 for k, v in logs.items() if 'loss_blda' in k)


def test_the_teacher_labels_by_sliding_windows(build, segmentor, batch):
    model = make('HRDA', build, segmentor)
    seen = []
    extract = model.teacher.extract_feat
    model.teacher.extract_feat = lambda x: seen.append(extract(x)) or seen[-1]
    model.prepare(batch())
    assert len(seen[0].boxes) == 9  # 16 x 16 in 32 x 32, half overlapping
    model.student.extract_feat = None  # training crops at random
    step(model, batch())


def test_the_detail_density_is_regressed_with_its_own_statistics(
    build, segmentor, batch, monkeypatch
):
    model = make('HRDA', build, segmentor, BLDA, density_estimation={})
    seen = []
    forward = model.density.forward
    monkeypatch.setattr(
        model.density,
        'forward',
        lambda head, *args: seen.append((head, args)) or forward(head, *args),
    )
    step(model, batch())
    head = model.student.decode_head
    assert [h for h, _ in seen] == [head, head.head] * 2
    for owner, (features, logits, labels, *_) in seen:
        assert logits.shape[2:] == labels.shape[1:]
        side = 16 if owner is head.head else 32
        assert labels.shape[1:] == (side, side)
        # both from 16 x 16 pixels, of the context and of the detail
        assert features.shape == (2, 8, 8, 8)
    assert not torch.equal(seen[0][1][0], seen[1][1][0])


def test_margins_take_the_weight_of_pseudo_labels(build, batch):
    model = build('DACS', pseudo_threshold=0.0)
    data = batch()
    plain = model.prepare(data).pseudo
    valid = torch.ones(1, 32, 32, dtype=torch.uint8)
    valid[:, :5] = 0
    valid[:, :, 30:] = 0
    data['target']['data_samples'][1].valid_pseudo = PixelData(data=valid)
    pseudo = model.prepare(data).pseudo
    assert torch.equal(pseudo.weight[0], plain.weight[0])
    assert torch.equal(pseudo.weight[1], plain.weight[1] * valid[0])
    assert pseudo.confident == plain.confident  # counted before the margins


def test_margins_of_a_padded_image_are_where_it_is(build, batch):
    model = build('DACS', pseudo_threshold=0.0)
    data = batch(target_size=24)
    valid = torch.ones(1, 24, 24, dtype=torch.uint8)
    valid[:, 20:] = 0
    for sample in data['target']['data_samples']:
        sample.valid_pseudo = PixelData(data=valid)
    weight = model.prepare(data).pseudo.weight
    assert weight.shape == (2, 32, 32)
    assert (weight[:, :20, :24] > 0).all()
    assert (weight[:, 20:] == 0).all() and (weight[:, :, 24:] == 0).all()


def test_a_method_is_a_list_of_objectives(build, batch):
    objectives = [
        dict(type='SourceObjective', feature_distance=THINGS),
        dict(type='ClassMixedObjective'),
        dict(type='MaskedObjective', block_size=8, augmentation=None),
    ]
    model = build('UDASegmentor', objectives=objectives, alpha=0.9)
    model.init_weights()
    assert isinstance(model.objectives[2].augmentation, nn.Identity)
    assert torch.equal(
        model.objectives[1].augmentation.mean.flatten(),
        torch.tensor([120.0] * 3),
    )
    logs = step(model, batch())
    assert {'src', 'mix', 'masked'} <= {k.split('.')[0] for k in logs}


def test_masked_images_are_augmented_by_default(build):
    alone = build(
        'UDASegmentor', objectives=[dict(type='MaskedObjective')], alpha=0.9
    )
    for objective in (build('MIC').objectives[-1], alone.objectives[0]):
        assert isinstance(objective, MaskedObjective)
        assert objective.augmentation.jitter_probability == 0.8


def test_the_teacher_of_mic_is_that_of_the_method_below(build):
    assert build('MIC').alpha == build('DACS').alpha == 0.99
    on_daformer = build('MIC', feature_distance=THINGS)
    daformer = build('DAFormer', feature_distance=THINGS)
    assert on_daformer.alpha == daformer.alpha == 0.999


def test_initial_weights_of_the_whole_are_refused(build):
    with pytest.raises(ValueError, match='segmentor.init_cfg'):
        build('DACS', init_cfg=dict(type='Pretrained', checkpoint='a.pth'))


def test_density_without_a_detail_loss(build, segmentor, batch):
    cfg = hrda_cfg(segmentor, BLDA)
    cfg['decode_head']['detail_loss_weight'] = 0
    model = build(
        'HRDA', segmentor=cfg, feature_distance=THINGS, density_estimation={}
    )
    logs = step(model, batch())
    assert logs['src.decode.loss_density'] == 0  # no distribution yet
    assert step(model, batch(), 2)['src.decode.loss_density'] > 0
    assert not any('detail' in key for key in logs)


def test_hrda_needs_its_segmentor(build):
    with pytest.raises(TypeError, match='HRDAEncoderDecoder'):
        build('HRDA', feature_distance=THINGS)


def test_an_objective_of_another_kind_is_refused(build):
    with pytest.raises(TypeError, match='ReLU'):
        build('UDASegmentor', objectives=[nn.ReLU()])


def test_a_checkpoint_holds_everything(build, segmentor, batch):
    torch.manual_seed(1)
    model = make('MIC on HRDA', build, segmentor, BLDA)
    model.init_weights()
    for number in range(1, 3):
        step(model, batch(seed=number), number)
    torch.manual_seed(2)
    other = make('MIC on HRDA', build, segmentor, BLDA)
    assert isinstance(other, UDASegmentor)
    assert isinstance(other.student.decode_head, HRDAHead)
    other.load_state_dict(model.state_dict())
    logs = []
    for each in (model, other):
        torch.manual_seed(3)
        logs.append(step(each, batch(seed=3), 3))
    assert logs[0] == logs[1]
    for (name, a), b in zip(
        model.state_dict().items(), other.state_dict().values()
    ):
        assert torch.equal(a, b), name


@pytest.mark.parametrize(
    'name, settings',
    [
        ('DACS', {}),
        ('DACS', dict(loss=BLDA, density_estimation={})),
        ('MIC', dict(masked_consistency=BLOCKS)),
        ('AdvEnt', {}),
        ('MinEnt', {}),
    ],
)
def test_one_seed_gives_one_student(name, settings, build, segmentor):
    """Tables compare rows of a seed, whatever is beside the student."""
    settings = dict(settings)
    torch.manual_seed(0)
    plain = build('SourceOnly', segmentor=segmentor(None))
    plain.init_weights()
    torch.manual_seed(0)
    cfg = segmentor(settings.pop('loss', None))
    model = build(name, segmentor=cfg, **settings)
    model.init_weights()
    for key, value in plain.student.state_dict().items():
        assert torch.equal(model.student.state_dict()[key], value), key
