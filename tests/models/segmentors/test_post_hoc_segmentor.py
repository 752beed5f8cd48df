"""The test-time wrapper against its own segmentor and Eq. 7."""

import copy

import mmcv
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint
from mmseg.apis import inference_model, init_model
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample

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
        backbone=dict(
            type='MixVisionTransformer',
            embed_dims=8,
            num_stages=2,
            num_layers=[1, 1],
            num_heads=[1, 1],
            patch_sizes=[3, 3],
            strides=[2, 2],
            sr_ratios=[4, 2],
            out_indices=(0, 1),
            mlp_ratio=2,
            drop_path_rate=0.0,
        ),
        decode_head=dict(
            type='SegformerHead',
            in_channels=[8, 8],
            in_index=[0, 1],
            channels=16,
            num_classes=CLASSES,
            norm_cfg=dict(type='BN'),
            align_corners=False,
        )
        | head,
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


def test_parts_are_shared_with_the_segmentor(write_statistics):
    model = build(segmentor_cfg(), write_statistics()[0])
    assert model.train().segmentor.training and model.backbone.training
    model.eval()
    assert not model.segmentor.training and not model.backbone.training
    twin = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    assert not any(p.any() for p in twin.segmentor.parameters())
    assert any(p.any() for p in model.segmentor.parameters())
    assert model.double().segmentor.backbone is model.backbone
    assert {p.dtype for p in model.segmentor.parameters()} == {torch.float64}


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
