"""A step never asks for a value on the device, but for the log.

On the meta device tensors have shapes and no values: whatever would make the
host wait for a GPU (``.item()``, ``bool(tensor)``, indexing with a mask)
raises there, and the code takes the ways that it takes on a GPU. What is
copied to the device is copied without waiting, or listed.
"""

import traceback
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import mmseg_balance
from mmseg_balance.models.translation import cyclegan
from mmseg_balance.models.uda import segmentor

BLDA = dict(type='BLDALoss', num_classes=4)
SIDE = 64
# objects are found without a look at the prediction
ALIGNED = dict(stuff_classes=[0, 1], thing_classes=[2, 3])
PACKAGE = str(Path(mmseg_balance.__file__).parent)
# kornia's draws of colours, which it copies to a GPU without waiting
KNOWN = ('photometric.py', 'frame_colours.py')


class Copies(TorchDispatchMode):
    """Files and lines of this package that copy from the host."""

    def __init__(self):
        super().__init__()
        self.lines = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if is_asynchronous(function, args, kwargs or {}):
            return result
        given, made = (
            {x.device.type for x in tree_leaves(values) if torch.is_tensor(x)}
            for values in ((args, kwargs), result)
        )
        if 'cpu' in given and 'meta' in given | made:
            lines = traceback.extract_stack()
            own = [x for x in lines if x.filename.startswith(PACKAGE)]
            if own and not own[-1].filename.endswith(KNOWN):
                self.lines.add((own[-1].filename, own[-1].lineno))
        return result


def is_asynchronous(function, args, kwargs):
    """Whether an operator copies while the host goes on."""
    names = [argument.name for argument in function._schema.arguments]
    if 'non_blocking' not in names:
        return False
    place = names.index('non_blocking')
    return kwargs.get('non_blocking', place < len(args) and args[place])


@pytest.fixture
def logged(monkeypatch):
    """The logs of a step, which are the one thing that is fetched."""
    logs = {}
    monkeypatch.setattr(
        segmentor, 'to_host', lambda values, losses: logs.update(values)
    )
    return logs


@pytest.mark.parametrize(
    'settings',
    [
        dict(loss=dict(type='CrossEntropyLoss')),
        dict(loss=BLDA),
        dict(loss=BLDA, density_estimation={}),
        dict(loss=BLDA | dict(anchor='target')),
        dict(loss=BLDA | dict(anchor=2)),
        dict(loss=BLDA | dict(grid_size=None)),
        dict(loss=BLDA, pseudo_balance=1.0),
        dict(
            loss=BLDA
            | dict(target_assignment='confidence', target_threshold=0.5)
        ),
    ],
    ids=[
        'dacs',
        'blda',
        'density',
        'target anchor',
        'class anchor',
        'direct',
        'balanced pseudo-labels',
        'assigned by confidence',
    ],
)
def test_a_step_runs_without_values(
    build, batch, logged, settings, monkeypatch
):
    init_default_scope('mmseg')
    # torch knows no autocast of the meta device, not even to switch it off
    monkeypatch.setattr(torch, 'autocast', lambda *_, **__: nullcontext())
    # set up on the CPU, where the checks of a build may look at values
    model = build(**settings).to('meta')
    wrapper = OptimWrapper(torch.optim.AdamW(model.trainable.parameters()))
    loss = model.student.decode_head.loss_decode
    with Copies() as copies:
        for _ in range(2):
            model.train_step(batch(), wrapper)
            if hasattr(loss, 'update_statistics'):
                loss.update_statistics()
            model.update_teacher(2)
    if hasattr(loss, 'statistics'):
        assert loss.statistics.source.means.device.type == 'meta'
    assert not copies.lines
    assert {'src.loss', 'mix.loss', 'mix.confident'} <= set(logged)
    assert all(value.device.type == 'meta' for value in logged.values())


def head(fusion):
    """A small DAFormerHead; HRDAHead fills in classes and losses."""
    return dict(
        type='DAFormerHead',
        in_channels=[8, 16, 40, 64],
        in_index=[0, 1, 2, 3],
        channels=16,
        norm_cfg=dict(type='BN'),
        decoder_params=dict(
            embed_dims=16,
            embed_cfg=dict(type='mlp'),
            embed_neck_cfg=dict(type='mlp'),
            fusion_cfg=dict(
                fusion,
                act_cfg=dict(type='ReLU'),
                norm_cfg=dict(type='BN'),
            ),
        ),
    )


def networks(cfg, scales):
    """The networks of DAFormer, or of HRDA, in small."""
    cfg['data_preprocessor'].update(size=(SIDE, SIDE), bgr_to_rgb=True)
    cfg['backbone'] = dict(
        type='FusedMixVisionTransformer',
        embed_dims=8,
        num_layers=[1, 1, 1, 1],
        num_heads=[1, 2, 5, 8],
        drop_path_rate=0.1,
    )
    pyramid = head(dict(type='aspp', sep=True, dilations=(1, 6), pool=False))
    filled = dict(num_classes=4, loss_decode=BLDA)
    if scales == 1:
        return dict(cfg, decode_head=dict(pyramid, **filled))
    attention = head(dict(type='conv', kernel_size=1))
    return dict(
        cfg,
        type='HRDAEncoderDecoder',
        detail_crop_size=(SIDE // 2, SIDE // 2),
        decode_head=dict(
            type='HRDAHead', head=pyramid, attention=attention, **filled
        ),
    )


@pytest.mark.parametrize(
    ('method', 'scales', 'settings'),
    [
        ('DAFormer', 1, dict(ignore_top=2, ignore_bottom=8)),
        ('CDAC', 1, {}),
        ('HRDA', 2, {}),
        ('MIC', 2, dict(masked_consistency=dict(block_size=16))),
    ],
)
def test_a_step_of_the_methods_runs_without_values(
    build, batch, segmentor, logged, method, scales, settings, monkeypatch
):
    monkeypatch.setattr(torch, 'autocast', lambda *_, **__: nullcontext())
    model = build(
        method,
        segmentor=networks(segmentor(), scales),
        feature_distance=dict(classes=[1, 3]),
        density_estimation={},
        **settings,
    ).to('meta')
    wrapper = OptimWrapper(torch.optim.AdamW(model.trainable.parameters()))
    data = batch(size=SIDE)
    if scales == 2:  # as PseudoMargins marks them
        for sample in data['target']['data_samples']:
            trusted = torch.ones(1, SIDE, SIDE, dtype=torch.uint8)
            sample.valid_pseudo = PixelData(data=trusted)
    losses = [m for m in model.modules() if hasattr(m, 'update_statistics')]
    assert len(losses) == scales
    with Copies() as copies:
        for _ in range(2):
            model.train_step(data, wrapper)
            for loss in losses:
                loss.update_statistics()
            model.update_teacher(2)
    assert not copies.lines
    expected = {'src.loss_feature_distance', 'mix.decode.loss_density'}
    if scales == 2:
        expected |= {'src.decode.detail.loss_density', 'mix.decode.loss_blda'}
    if method == 'CDAC':
        expected = {f'cdac.{key.removeprefix("src.")}' for key in expected}
        expected |= {'cdac.loss_attention', 'cdac.s2t.decode.loss_blda'}
    if method == 'MIC':
        expected |= {'masked.loss', 'masked.decode.detail.loss_blda'}
    assert expected <= set(logged)
    assert all(value.device.type == 'meta' for value in logged.values())


COUNTS = dict(num_classes=4, counts='online')


@pytest.mark.parametrize(
    'loss',
    [
        dict(type='GBWLoss'),
        dict(type='SoftmaxFocalLoss'),
        dict(type='InverseFrequencyLoss', **COUNTS),
        dict(type='ClassBalancedLoss', **COUNTS),
        dict(type='LogitAdjustmentLoss', **COUNTS),
        dict(type='BLVLoss', **COUNTS),
        dict(type='SeesawLoss', **COUNTS),
        dict(type='LBWLoss', num_classes=4),
    ],
    ids=lambda loss: loss['type'],
)
def test_a_step_with_a_balance_loss_runs_without_values(
    loss, build, batch, segmentor, logged, monkeypatch
):
    monkeypatch.setattr(torch, 'autocast', lambda *_, **__: nullcontext())
    model = build('DACS', segmentor=segmentor(loss)).to('meta')
    wrapper = OptimWrapper(torch.optim.AdamW(model.trainable.parameters()))
    criterion = model.student.decode_head.loss_decode
    with Copies() as copies:
        for _ in range(2):
            model.train_step(batch(), wrapper)
            if hasattr(criterion, 'update_statistics'):
                criterion.update_statistics()
            model.update_teacher(2)
    assert not copies.lines
    assert f'mix.decode.{criterion.loss_name}' in logged
    assert all(value.device.type == 'meta' for value in logged.values())


@pytest.mark.parametrize(
    ('method', 'settings', 'expected'),
    [
        ('AdvEnt', {}, 'discriminator.decode.loss_target'),
        ('MinEnt', {}, 'tgt.decode.loss_entropy'),
        (
            'MinEnt',
            dict(entropy=dict(class_weighting={})),
            'tgt.decode.loss_entropy',
        ),
        (
            'MaxSquare',
            dict(max_square=dict(kind='image_weighted_max_square')),
            'tgt.decode.loss_image_weighted_max_square',
        ),
        ('SIM', dict(feature_alignment=ALIGNED), 'tgt.loss_thing'),
        (
            'PHFA',
            dict(feature_alignment=dict(ALIGNED, feature=0)),
            'tgt.loss_stuff',
        ),
    ],
)
def test_a_step_without_pseudo_labels_runs_without_values(
    build, batch, logged, method, settings, expected, monkeypatch
):
    monkeypatch.setattr(torch, 'autocast', lambda *_, **__: nullcontext())
    model = build(method, **settings).to('meta')
    optimizer = dict(optimizer=dict(type='AdamW', lr=0.1))
    if model.discriminators is not None:
        optimizer = dict(
            constructor='AdversarialOptimWrapperConstructor',
            student=optimizer,
            discriminator=optimizer,
        )
    wrapper = build_optim_wrapper(model, optimizer)
    with Copies() as copies:
        for _ in range(2):
            model.train_step(batch(), wrapper)
    assert not copies.lines
    assert {'src.loss', expected} <= set(logged)
    assert all(value.device.type == 'meta' for value in logged.values())


def test_a_step_of_a_translator_runs_without_values(
    batch, segmentor, monkeypatch, tmp_path
):
    monkeypatch.setattr(torch, 'autocast', lambda *_, **__: nullcontext())
    logs = {}
    monkeypatch.setattr(
        cyclegan, 'to_host', lambda values, losses: logs.update(values)
    )
    config, path = segmentor(), tmp_path / 'segmentor.pth'
    torch.save(MODELS.build(config).state_dict(), path)
    pretrained = dict(type='Pretrained', checkpoint=str(path))
    model = cyclegan.CycleGAN(
        generator=dict(type='ResnetGenerator', num_blocks=1, base_channels=2),
        discriminator=dict(
            type='PatchDiscriminator', base_channels=2, num_layers=1
        ),
        segmentation=dict(config, init_cfg=pretrained),
        pool_size=3,
        data_preprocessor=dict(size=(32, 32)),
    )
    model.init_weights()
    model.to('meta')
    optimizer = dict(optimizer=dict(type='Adam', lr=0.1))
    wrapper = build_optim_wrapper(
        model,
        dict(
            constructor='NamedOptimWrapperConstructor',
            generator=optimizer,
            discriminator=optimizer,
        ),
    )
    with Copies() as copies:
        for _ in range(3):  # the pools are filled in the second
            model.train_step(batch(), wrapper)
    assert not copies.lines
    assert {'source.loss_ppl', 'discriminator.loss_target'} <= set(logs)
    assert all(value.device.type == 'meta' for value in logs.values())


def test_ranks_that_exchange_sums_run_without_values():
    from mmseg_balance.logits import LogitStatistics

    statistics = LogitStatistics(5).to('meta')
    logits = torch.randn(2, 5, 16, 16, device='meta')
    labels = torch.zeros(2, 16, 16, dtype=torch.long, device='meta')
    statistics.collect(logits, labels)
    exchanged = []

    def reduce(tensor):
        exchanged.append(tensor)
        return tensor

    statistics.update(reduce)
    assert statistics.offset(logits, labels).device.type == 'meta'
    # of all banks together: their samples' sums, and one message a loop
    assert len(exchanged) == 1 + statistics.em_loops


def test_the_test_would_notice(build, batch, logged):
    model = build().to('meta')
    with Copies() as copies:
        model.prepare(batch())
    assert not copies.lines
    model.data_preprocessor._non_blocking = False
    with copies:
        model.prepare(batch())
    assert copies.lines
    with pytest.raises((RuntimeError, NotImplementedError)):
        bool(torch.zeros((), device='meta') > 0)
    with pytest.raises((RuntimeError, NotImplementedError)):
        torch.zeros(3, device='meta')[torch.ones(3, device='meta').bool()]


def test_a_step_of_tps_runs_without_values(
    build, batch, segmentor, logged, monkeypatch
):
    monkeypatch.setattr(torch, 'autocast', lambda *_, **__: nullcontext())
    config = segmentor(BLDA)
    config['data_preprocessor']['type'] = 'FrameDataPreProcessor'
    always = dict(blur_probability=1, jitter_probability=1, grey_probability=1)
    model = build(
        'TPS',
        segmentor=config,
        density_estimation={},
        temporal_supervision=dict(augmentation=always, threshold=0.5),
    ).to('meta')
    wrapper = OptimWrapper(torch.optim.AdamW(model.trainable.parameters()))
    data = batch()
    for image, sample in zip(*data['target'].values(), strict=True):
        size = image.shape[-2:]
        fields = dict(
            prev_img=image,
            flow=torch.ones(2, *size),
            flow_valid=torch.ones(1, *size, dtype=torch.bool),
        )
        sample.set_data({k: PixelData(data=v) for k, v in fields.items()})
    with Copies() as copies:
        model.train_step(data, wrapper)
    assert not copies.lines
    assert {'tps.loss', 'tps.labelled'} <= set(logged)
    assert all(value.device.type == 'meta' for value in logged.values())
