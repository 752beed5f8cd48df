"""The test-time wrapper against its own segmentor and Eq. 7."""

import copy
import pickle

import mmcv
import numpy as np
import pytest
import torch
from helpers.tiny_networks import tiny_mit, tiny_segformer_head
from mmengine.analysis import get_model_complexity_info
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint
from mmengine.runner.checkpoint import get_state_dict, save_checkpoint
from mmseg.apis import inference_model, init_model
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import nn

from mmseg_balance.engine.hooks.compile_hook import compile_networks
from mmseg_balance.logits import LogitStatistics
from mmseg_balance.logits.post_hoc.scores import post_hoc_scores
from mmseg_balance.logits.statistics.file import save_statistics

CLASSES = 3


def segmentor_cfg(**head):
    return dict(
        type='EncoderDecoder',
        data_preprocessor=dict(
            type='SegDataPreProcessor',
            mean=[90.0] * 3,
            std=[60.0] * 3,
            size=(32, 32),
            seg_pad_val=255,
        ),
        backbone=tiny_mit(),
        decode_head=tiny_segformer_head(num_classes=CLASSES) | head,
        test_cfg=dict(mode='whole'),
    )


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


@pytest.fixture
def write_statistics(tmp_path):
    """A file of statistics whose banks are drawn at random."""

    def write(num_classes=CLASSES, fitted=('source', 'target'), **settings):
        statistics = LogitStatistics(num_classes, **settings)
        for name in ('anchors', *fitted):
            bank = getattr(statistics, name)
            bank.means.normal_(0, 2)
            bank.variances.uniform_(0.3, 2)
            bank.weights.fill_(1 / bank.num_components)
            bank.num_updates.fill_(1)
        path = tmp_path / f'statistics_{num_classes}.pth'
        save_statistics(path, statistics, dict(classes=list('abc')))
        return path, statistics

    return write


def build(segmentor, path, **kwargs):
    cfg = dict(
        type='PostHocSegmentor',
        segmentor=segmentor,
        statistics=str(path),
        **kwargs,
    )
    return MODELS.build(Config(dict(model=cfg)).model).eval()


def assert_equal(found, expected):
    """That two state dicts have the same keys and values."""
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], expected[key]) for key in expected)


def through_pickle(model):
    return pickle.loads(pickle.dumps(model))


def images(*sizes):
    """A batch as a data loader gives it, padded to 32 x 32 by the model."""
    meta = dict(img_shape=(32, 32), img_path='image.png')
    samples = [SegDataSample(metainfo=meta | dict(ori_shape=o)) for o in sizes]
    generator = torch.Generator().manual_seed(0)
    inputs = [
        torch.randint(0, 256, (3, 32, 32), generator=generator).byte()
        for _ in sizes
    ]
    return dict(inputs=inputs, data_samples=samples)


@torch.no_grad()
def predict(model, *sizes):
    return model.test_step(images(*sizes))


@pytest.mark.parametrize('domain', ['source', 'target'])
def test_scores_of_eq_7_at_the_original_size(write_statistics, domain):
    path, statistics = write_statistics()
    model = build(segmentor_cfg(), path, tau=0.8, domain=domain)
    sizes = (20, 30), (64, 41)
    plain = predict(model.segmentor, *sizes)
    for size, before, after in zip(sizes, plain, predict(model, *sizes)):
        logits = before.seg_logits.data
        bank = getattr(statistics, domain)
        expected = post_hoc_scores(
            logits[None], bank, statistics.anchors, tau=0.8
        )[0]
        assert after.seg_logits.data.shape == (CLASSES, *size)
        torch.testing.assert_close(after.seg_logits.data, expected)
        classes = after.pred_sem_seg.data
        assert classes.shape == (1, *size)
        assert torch.equal(classes[0], expected.argmax(0))
        assert not torch.equal(classes, before.pred_sem_seg.data)


def test_tau_0_predicts_what_the_segmentor_does(write_statistics):
    model = build(segmentor_cfg(), write_statistics()[0], tau=0)
    (before,), (after,) = (
        predict(m, (20, 30)) for m in (model.segmentor, model)
    )
    assert torch.equal(after.pred_sem_seg.data, before.pred_sem_seg.data)
    torch.testing.assert_close(
        after.seg_logits.data, before.seg_logits.data.log_softmax(0)
    )


def inner_configs():
    return dict(
        plain=segmentor_cfg(),
        uda=dict(
            type='DACS',
            segmentor=segmentor_cfg(
                loss_decode=dict(type='BLDALoss', num_classes=CLASSES)
            ),
            density_estimation={},
            predict_with='teacher',
        ),
    )


@pytest.mark.parametrize('kind', ['plain', 'uda'])
def test_a_checkpoint_of_the_segmentor_loads(write_statistics, kind, tmp_path):
    config = Config(dict(model=inner_configs()[kind])).model
    trained = MODELS.build(config)
    with torch.no_grad():
        for parameter in trained.parameters():
            parameter.normal_(0, 0.3)
    if kind == 'uda':
        trained.copy_student()
    trained.eval()
    checkpoint = tmp_path / 'trained.pth'
    torch.save(dict(state_dict=trained.state_dict(), meta={}), checkpoint)

    model = build(inner_configs()[kind], write_statistics()[0], tau=0)
    assert list(model.state_dict()) == list(trained.state_dict())
    load_checkpoint(model, str(checkpoint), strict=True)
    for key, value in model.segmentor.state_dict().items():
        assert torch.equal(value, trained.state_dict()[key])
    before, after = (predict(m, (20, 30))[0] for m in (trained, model))
    torch.testing.assert_close(
        after.seg_logits.data, before.seg_logits.data.log_softmax(0)
    )


@pytest.mark.parametrize('kind', ['plain', 'uda'])
def test_state_dicts_are_those_of_the_segmentor(write_statistics, kind):
    """Also those of 0.1.0, whose model shared the segmentor's parts."""
    plain = MODELS.build(Config(dict(model=inner_configs()[kind])).model)
    model = build(inner_configs()[kind], write_statistics()[0])
    wrapped = nn.ModuleDict(dict(module=model))  # as in DDP
    for get in (lambda m: m.state_dict(), get_state_dict):
        expected, found = get(plain), get(model)
        assert list(found) == list(expected)
        assert found._metadata == expected._metadata
        nested = [f'module.{key}' for key in expected]
        assert list(get(wrapped)) == nested
    with torch.no_grad():
        for parameter in plain.parameters():
            parameter.normal_(0, 0.3)
    weights = plain.state_dict()
    model.load_state_dict(weights, strict=True)
    assert_equal(model.segmentor.state_dict(), weights)
    assert_equal(weights, plain.state_dict())  # which loading left alone
    for parameter in model.parameters():
        parameter.data.neg_()
    plain.load_state_dict(model.state_dict(), strict=True)
    assert_equal(plain.state_dict(), model.segmentor.state_dict())
    wrapped.load_state_dict(
        {f'module.{key}': value for key, value in weights.items()}
    )
    assert_equal(model.state_dict(), weights)
    with pytest.raises(RuntimeError, match='decode_head.conv_seg.weight'):
        model.load_state_dict(
            {k: v for k, v in weights.items() if 'conv_seg.w' not in k}
        )


def test_a_checkpoint_laid_out_like_those_of_openmmlab(
    write_statistics, tmp_path
):
    path, plain = tmp_path / 'weights.pth', MODELS.build(segmentor_cfg())
    weights = {f'module.{k}': v for k, v in plain.state_dict().items()}
    meta = dict(mmseg_version='0.16.0', CLASSES=('a', 'b', 'c'), iter=160000)
    torch.save(dict(meta=meta, state_dict=weights), path)
    model = build(segmentor_cfg(), write_statistics()[0])
    augmented = MODELS.build(
        dict(
            type='SegTTAModel',
            module=build(segmentor_cfg(), write_statistics()[0]),
        )
    )
    for loaded in model, augmented:
        load_checkpoint(loaded, str(path), strict=True)
    assert_equal(model.state_dict(), plain.state_dict())
    assert_equal(augmented.module.state_dict(), plain.state_dict())
    # and saved by mmengine it is one of the segmentor
    save_checkpoint(dict(state_dict=get_state_dict(model)), str(path))
    load_checkpoint(plain, str(path), strict=True)


def test_parts_have_one_owner(write_statistics):
    model = build(segmentor_cfg(), write_statistics()[0])
    assert [name for name, _ in model.named_children()] == ['segmentor']
    each, inner = (
        list(m.named_modules(remove_duplicate=False))
        for m in (model, model.segmentor)
    )
    assert each == [
        ('', model),
        *((f'segmentor.{n}'.rstrip('.'), m) for n, m in inner),
    ]
    calls = []
    for module in model.modules():
        module.register_forward_hook(lambda module, *_: calls.append(module))
    predict(model, (20, 30))
    for module in (model, model.segmentor, model.backbone):
        assert sum(called is module for called in calls) == 1
    assert model.train().segmentor.training and model.backbone.training
    model.eval()
    assert not model.segmentor.training and not model.backbone.training
    model.requires_grad_(False)
    assert not any(p.requires_grad for p in model.segmentor.parameters())
    model.double()
    assert {p.dtype for p in model.segmentor.parameters()} == {torch.float64}
    assert model.statistics.target.means.dtype == torch.float32
    assert all(p.is_meta for p in model.to('meta').backbone.parameters())
    assert model.data_preprocessor._device == torch.device('meta')


@pytest.mark.parametrize('duplicate', [copy.deepcopy, through_pickle])
def test_a_copy_has_parts_of_its_own(write_statistics, duplicate):
    model = build(segmentor_cfg(), write_statistics()[0])
    twin = duplicate(model)
    (before,), (after,) = (predict(m, (20, 30)) for m in (model, twin))
    assert torch.equal(before.seg_logits.data, after.seg_logits.data)
    weights = model.segmentor.state_dict()
    assert list(twin.state_dict()) == list(weights)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    assert not any(p.any() for p in twin.segmentor.parameters())
    assert any(p.any() for p in model.segmentor.parameters())
    twin.load_state_dict(weights)
    assert_equal(twin.segmentor.state_dict(), weights)


def test_what_a_segmentor_is_asked_for(write_statistics):
    model = build(inner_configs()['uda'], write_statistics()[0])
    assert model.predict_with == 'teacher'
    assert model.decode_head is model.segmentor.teacher.decode_head
    assert model.data_preprocessor is model.student.data_preprocessor
    model = build(segmentor_cfg(), write_statistics()[0])
    assert model.test_cfg is model.segmentor.test_cfg
    assert (model.out_channels, model.num_classes) == (CLASSES, CLASSES)
    assert not model.align_corners and not model.with_neck
    # what is set is set where it is used
    model.test_cfg = Config(dict(mode='slide', crop_size=(8, 8)))
    head = model.decode_head = copy.deepcopy(model.decode_head)
    model.dataset_meta = dict(classes=list('abc'))
    assert model.segmentor.test_cfg.mode == 'slide'
    assert model.segmentor.decode_head is head
    assert 'dataset_meta' not in vars(model.segmentor)
    # logits of its methods would not be balanced
    for name in ('encode_decode', 'inference', 'loss', 'nothing'):
        with pytest.raises(AttributeError, match=f'PostHoc.* {name!r}'):
            getattr(model, name)


def test_tools_that_walk_over_a_model(write_statistics):
    plain = MODELS.build(segmentor_cfg()).eval()
    model = build(segmentor_cfg(), write_statistics()[0])
    shape = dict(input_shape=(3, 32, 32), show_table=False, show_arch=False)
    before, after = (
        get_model_complexity_info(m, **shape) for m in (plain, model)
    )
    assert after['flops'] == before['flops'] > 0
    assert after['params'] == before['params'] > 0
    model = build(
        segmentor_cfg(norm_cfg=dict(type='SyncBN')), write_statistics()[0]
    )
    revert_sync_batchnorm(model)
    assert not any(isinstance(m, nn.SyncBatchNorm) for m in model.modules())
    predict(model, (20, 30))
    assert compile_networks(model, backend='eager') == compile_networks(
        plain, backend='eager'
    )


def test_mmseg_apis(write_statistics, tmp_path):
    path, _ = write_statistics()
    cfg = Config(
        dict(
            default_scope='mmseg',
            model=dict(
                type='PostHocSegmentor',
                segmentor=segmentor_cfg(),
                statistics=str(path),
            ),
            test_pipeline=[
                dict(type='LoadImageFromFile'),
                dict(type='PackSegInputs'),
            ],
            test_dataloader=dict(
                dataset=dict(
                    pipeline=[
                        dict(type='LoadImageFromFile'),
                        dict(type='PackSegInputs'),
                    ]
                )
            ),
        )
    )
    checkpoint = tmp_path / 'weights.pth'
    names = dict(classes=list('abc'), palette=[[0, 0, 0]] * 3)
    plain = MODELS.build(segmentor_cfg())
    torch.save(
        dict(state_dict=plain.state_dict(), meta=dict(dataset_meta=names)),
        checkpoint,
    )
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    mmcv.imwrite(image, str(tmp_path / 'image.png'))
    model = init_model(cfg, str(checkpoint), device='cpu')
    for given in (str(tmp_path / 'image.png'), image):
        found = inference_model(model, given)
        assert found.pred_sem_seg.data.shape == (1, 32, 32)
        torch.testing.assert_close(
            found.pred_sem_seg.data[0], found.seg_logits.data.argmax(0)
        )
        assert (found.seg_logits.data <= 0).all()


def test_augmentation_at_test_time(write_statistics):
    path, _ = write_statistics()
    model = build(inner_configs()['uda'], path)
    augmented = MODELS.build(dict(type='SegTTAModel', module=model)).eval()
    once = images((20, 30))
    twice = {key: [value, value] for key, value in once.items()}
    with torch.no_grad():
        (merged,) = augmented.test_step(copy.deepcopy(twice))
        (single,) = model.test_step(once)
    assert torch.equal(
        merged.pred_sem_seg.data.squeeze(), single.pred_sem_seg.data.squeeze()
    )


def test_raw_logits_and_training(write_statistics):
    model = build(segmentor_cfg(), write_statistics()[0])
    inputs = torch.randn(1, 3, 32, 32)
    torch.testing.assert_close(model(inputs), model.segmentor(inputs))
    with pytest.raises(RuntimeError, match='cannot be trained'):
        model(inputs, mode='loss')


def test_a_checkpoint_of_a_training_as_statistics(tmp_path):
    trained = MODELS.build(inner_configs()['uda'])
    statistics = trained.student.decode_head.loss_decode.statistics
    for bank in (statistics.source, statistics.target, statistics.anchors):
        bank.means.normal_(0, 2)
        bank.num_updates.fill_(1)
    path = tmp_path / 'iter_500.pth'
    torch.save(dict(state_dict=trained.state_dict(), meta={}), path)
    model = build(inner_configs()['uda'], path)
    assert model.statistics_path == model.statistics_meta['checkpoint']
    assert model.statistics_path == str(path)
    assert torch.equal(model.statistics.target.means, statistics.target.means)


def test_statistics_without_a_table(write_statistics):
    model = build(segmentor_cfg(), write_statistics(grid_size=None)[0])
    (sample,) = predict(model, (20, 30))
    assert sample.seg_logits.data.isfinite().all()


def test_statistics_that_do_not_fit(write_statistics, tmp_path):
    with pytest.raises(FileNotFoundError, match='mmseg-balance logits fit'):
        build(segmentor_cfg(), tmp_path / 'none.pth')
    with pytest.raises(ValueError, match='of 4 classes, expected 3'):
        build(segmentor_cfg(), write_statistics(4)[0])
    path, _ = write_statistics(fitted=('source',))
    with pytest.raises(ValueError, match="the target: set domain to 'source'"):
        build(segmentor_cfg(), path)
    build(segmentor_cfg(), path, domain='source')


@pytest.mark.parametrize(
    'setting, message',
    [
        (dict(tau=-0.5), '`tau` to be a number of at least 0, but got -0.5'),
        (dict(tau=float('nan')), '`tau` to be a number'),
        (dict(tau='1'), "but got '1'"),
        (dict(domain='both'), "('source', 'target'), but got 'both'"),
    ],
)
def test_settings_out_of_range(write_statistics, setting, message):
    with pytest.raises(ValueError) as error:
        build(segmentor_cfg(), write_statistics()[0], **setting)
    assert message in str(error.value)


def test_binary_heads(write_statistics):
    cfg = segmentor_cfg(
        num_classes=2,
        out_channels=1,
        threshold=0.5,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=True),
    )
    with pytest.raises(ValueError, match='out_channels=1 and num_classes=2'):
        build(cfg, write_statistics(2)[0])
