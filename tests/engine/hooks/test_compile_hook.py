"""Compiled networks learn what the others learn."""

import copy
from types import SimpleNamespace

import pytest
import torch
from helpers.tiny_networks import tiny_fused_mit
from mmengine.config import ConfigDict
from mmengine.logging import MMLogger
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import nn
from torch._dynamo.testing import CompileCounterWithBackend

from mmseg_balance.engine.hooks import CompileHook
from mmseg_balance.engine.hooks.compile_hook import check_backend, compilable

SIZE = 64


@pytest.fixture(autouse=True)
def _fresh():
    init_default_scope('mmseg')
    torch._dynamo.reset()
    yield
    torch.compiler.set_stance('default')
    torch._dynamo.reset()


def decoder(kind, **fusion):
    norm = dict(type='BN')
    fusion.update(type=kind, norm_cfg=norm, act_cfg=dict(type='ReLU'))
    return dict(
        type='DAFormerHead',
        in_channels=[8, 16],
        in_index=[0, 1],
        channels=8,
        dropout_ratio=0.0,
        norm_cfg=norm,
        decoder_params=dict(
            embed_dims=8,
            embed_cfg=dict(type='mlp'),
            embed_neck_cfg=dict(
                type='conv',
                kernel_size=1,
                norm_cfg=norm,
                act_cfg=dict(type='ReLU'),
            ),
            fusion_cfg=fusion,
        ),
    )


def segmentor(hrda=False):
    """A small network without anything that is drawn."""
    pyramid = decoder('aspp', sep=True, dilations=(1, 6), pool=False)
    rest = dict(
        num_classes=3, loss_decode=dict(type='BLDALoss', num_classes=3)
    )
    cfg = dict(
        type='EncoderDecoder',
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            mean=[120.0] * 3,
            std=[60.0] * 3,
            size=(SIZE, SIZE),
            seg_pad_val=255,
        ),
        backbone=tiny_fused_mit(num_layers=[1, 1]),
        decode_head=dict(pyramid, **rest),
        test_cfg=dict(mode='whole'),
    )
    if hrda:
        cfg.update(type='HRDAEncoderDecoder', detail_crop_size=(32, 32))
        cfg['decode_head'] = dict(
            type='HRDAHead',
            head=pyramid,
            attention=decoder('conv', kernel_size=1),
            **rest,
        )
    return cfg


def build(hrda=False):
    torch.manual_seed(1)
    model = MODELS.build(
        ConfigDict(
            type='HRDA' if hrda else 'DAFormer',
            segmentor=segmentor(hrda),
            feature_distance=dict(classes=[1]),
            density_estimation={},
        )
    )
    model.copy_student()
    return model.train()


def batch():
    generator = torch.Generator().manual_seed(0)
    data = {}
    for domain in ('source', 'target'):
        samples = [SegDataSample(), SegDataSample()]
        for sample in samples if domain == 'source' else []:
            label = torch.randint(3, (1, 2, 2), generator=generator)
            label = label.repeat_interleave(32, 1).repeat_interleave(32, 2)
            sample.gt_sem_seg = PixelData(data=label)
        images = torch.randint(255, (2, 3, SIZE, SIZE), generator=generator)
        data[domain] = dict(inputs=list(images.byte()), data_samples=samples)
    return data


def run_hook(model, **settings):
    hook = CompileHook(**settings)
    logger = MMLogger.get_current_instance()
    hook.before_train(SimpleNamespace(model=model, logger=logger))
    return hook


def train(model, iterations):
    wrapper = OptimWrapper(torch.optim.SGD(model.trainable.parameters(), 0.1))
    for i in range(iterations):
        torch.manual_seed(i)
        model.train_step(batch(), wrapper)
        for module in model.modules():
            if hasattr(module, 'update_statistics'):
                module.update_statistics()
        model.update_teacher(i + 1)


def test_what_is_compiled_and_what_is_not():
    for hrda, heads in (
        (False, ['decode_head']),
        (True, ['decode_head.head', 'decode_head.scale_attention']),
    ):
        model = build(hrda)
        names = {module: name for name, module in model.named_modules()}
        compiled = {names[module] for module in compilable(model)}
        expected = {'objectives.0.feature_distance.backbone'}
        for part in ('student', 'teacher'):
            expected.add(f'{part}.backbone')
            for head in heads:
                # one linear layer alone (embed_layers.0) is left as it is
                expected |= {
                    f'{part}.{head}.embed_layers.1',
                    f'{part}.{head}.fuse_layer',
                }
        assert compiled == expected


@pytest.mark.parametrize('hrda', [False, True], ids=['daformer', 'hrda'])
def test_training_agrees_and_is_compiled_once(hrda):
    plain, model = build(hrda), build(hrda)
    counter = CompileCounterWithBackend('aot_eager')
    run_hook(model, backend=counter)
    train(plain, 3)
    train(model, 1)
    compiled = counter.frame_count
    # student, frozen backbone; the teacher on the context and on 9 windows
    assert compiled >= (4 if hrda else 3)
    model = build(hrda)
    run_hook(model, backend=counter)
    train(model, 3)
    assert counter.frame_count == compiled  # nor for another model
    theirs = plain.state_dict()
    assert list(model.state_dict()) == list(theirs)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(
            value, theirs[name], rtol=1e-3, atol=1e-4, msg=name
        )
    start = build(hrda).state_dict()
    assert not torch.equal(
        theirs['student.backbone.layers.0.0.projection.weight'],
        start['student.backbone.layers.0.0.projection.weight'],
    )


def test_validation_runs_without_and_copies_are_plain():
    model = build()
    counter = CompileCounterWithBackend('eager')
    hook = run_hook(model, backend=counter)
    before = counter.frame_count
    hook.before_val(None)
    with torch.no_grad():
        for side in (32, 64):
            model(torch.rand(1, 3, side, side))
    assert counter.frame_count == before
    hook.after_val(None)
    copied = copy.deepcopy(model)
    with torch.no_grad():
        copied.student.backbone(torch.rand(1, 3, SIZE, SIZE))
        assert counter.frame_count == before
        model.student.backbone(torch.rand(1, 3, SIZE, SIZE))
    assert counter.frame_count > before


def test_plain_segmentors_and_other_models():
    cfg = segmentor()
    cfg['decode_head']['loss_decode'] = dict(type='CrossEntropyLoss')
    model = MODELS.build(cfg).train()
    plain = copy.deepcopy(model)
    counter = CompileCounterWithBackend('eager')
    run_hook(model, backend=counter)
    before = counter.frame_count
    images = torch.rand(2, 3, SIZE, SIZE)
    samples = batch()['source']['data_samples']
    losses, expected = (m.loss(images, samples) for m in (model, plain))
    assert counter.frame_count > before
    torch.testing.assert_close(
        losses['decode.loss_ce'], expected['decode.loss_ce']
    )
    with pytest.raises(TypeError, match='model.type is Linear'):
        run_hook(nn.Linear(2, 2), backend='eager')


def test_a_machine_that_cannot_compile_is_told_so():
    def broken(graph, inputs):
        raise FileNotFoundError('no compiler g++')

    with pytest.raises(
        RuntimeError, match=r"(?s)here on 'cpu': .*no compiler g\+\+.*CXX"
    ):
        check_backend(broken, 'default', 'cpu')
    with pytest.raises(RuntimeError, match='(?s)nonsense.*drop --compile'):
        run_hook(build(), backend='nonsense')
