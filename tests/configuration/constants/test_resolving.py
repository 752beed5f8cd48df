"""'auto' in a config becomes a number, and says which."""

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

import mmseg_balance  # noqa: F401
from mmseg_balance.configuration.constants.resolving import resolve_constants


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


def config(loss=None, **changes):
    """DACS + BLDA, 2,000 iterations, crops of 256 x 256."""
    loss = {
        **dict(type='BLDALoss', num_classes=3, warmup='auto'),
        **(loss or {}),
    }
    crop = dict(type='RandomCrop', crop_size=(256, 256))
    segmentor = dict(
        type='EncoderDecoder',
        data_preprocessor=dict(size=(256, 256)),
        decode_head=dict(loss_decode=loss),
    )
    dataset = dict(source=dict(pipeline=[crop]))
    cfg = dict(
        model=dict(type='DACS', alpha='auto', segmentor=segmentor),
        train_cfg=dict(max_iters=2000),
        train_dataloader=dict(dataset=dataset),
        custom_hooks=[dict(type='GMMUpdateHook')],
    )
    return Config(cfg | changes)


def loss_of(cfg):
    return cfg.model.segmentor.decode_head.loss_decode


def resolved(cfg, before=None):
    """Lines that are noted, and those that warn."""
    noted = []
    warned = resolve_constants(cfg, before, noted.append)
    return noted, warned


def test_each_is_a_number_and_a_line():
    cfg = config(dict(min_samples='auto', momentum='auto'))
    noted, warned = resolved(cfg)
    assert cfg.model.alpha == 0.980189  # 0.999 ** 20
    loss = loss_of(cfg)
    assert (loss.warmup, loss.min_samples) == (75, 25)
    assert loss.momentum == pytest.approx(0.817907)  # 0.99 ** 20
    assert not warned
    assert noted == [
        "model.alpha='auto' is 0.980189, for train_cfg.max_iters; 0.999 in "
        '40000',
        "model.segmentor.decode_head.loss_decode.warmup='auto' is 75, for "
        'train_cfg.max_iters; 1500 in 40000',
        "model.segmentor.decode_head.loss_decode.momentum='auto' is "
        '0.817907, for train_cfg.max_iters; 0.99 in 40000',
        "model.segmentor.decode_head.loss_decode.min_samples='auto' is 25, "
        'the share of the crop that 100 are of 512 x 512',
    ]
    assert resolved(cfg) == ([], [])  # once


def test_numbers_stay():
    cfg = config(dict(warmup=7, min_samples=100, kernels='auto'))
    cfg.model.alpha = 0.99
    before = cfg.to_dict()
    assert resolved(cfg) == ([], [])
    assert cfg.to_dict() == before


def test_in_lists_of_losses_and_models_around_a_model():
    cfg = config()
    loss = loss_of(cfg)
    other = dict(type='CrossEntropyLoss')
    cfg.model.segmentor.decode_head.loss_decode = [other, loss]
    cfg.model = dict(type='PostHocSegmentor', segmentor=cfg.model)
    resolved(cfg)
    assert cfg.model.segmentor.alpha == 0.980189
    losses = cfg.model.segmentor.segmentor.decode_head.loss_decode
    assert losses[1].warmup == 75


def test_a_warm_up_counts_updates_and_a_momentum_iterations():
    cfg = config(dict(momentum='auto'))
    cfg.custom_hooks[0].interval = 4
    resolved(cfg)
    assert loss_of(cfg).warmup == 19  # of 500 updates
    assert loss_of(cfg).momentum == pytest.approx(0.817907)
    # accumulated gradients: hooks act in each iteration, and so is counted
    cfg = config(optim_wrapper=dict(accumulative_counts=4))
    resolved(cfg)
    assert (loss_of(cfg).warmup, cfg.model.alpha) == (75, 0.980189)


@pytest.mark.parametrize('interval', ['4', -4, 0, None])
def test_an_interval_that_is_none_is_left_to_the_hook(interval):
    """Which names it, and what it expects."""
    cfg = config()
    cfg.custom_hooks[0].interval = interval
    resolved(cfg)
    assert loss_of(cfg).warmup == 75


def test_without_a_crop_the_size_of_batches_counts():
    cfg = config(dict(min_samples='auto'))
    cfg.train_dataloader.dataset.source.pipeline = []
    resolved(cfg)
    assert loss_of(cfg).min_samples == 25
    cfg = config(dict(min_samples='auto'))
    cfg.train_dataloader.dataset.source.pipeline = []
    cfg.model.segmentor.data_preprocessor.pop('size')
    with pytest.raises(ValueError, match='loss_decode.min_samples.*size says'):
        resolved(cfg)


def test_numbers_of_a_checkpoint_stay():
    before = config()
    resolved(before)
    cfg = config()
    cfg.train_cfg.max_iters = 4000
    noted, _ = resolved(cfg, before)
    assert (loss_of(cfg).warmup, cfg.model.alpha) == (75, 0.980189)
    assert "loss_decode.warmup='auto' stays 75, as until the" in noted[1]
    assert '150)' in noted[1]
    # the same training: no more is said than at its start
    again = config()
    assert resolved(again, before)[0] == resolved(config())[0]
    # one that had no such setting
    other = Config(dict(model=dict(type='DACS', segmentor={})))
    cfg = config()
    resolved(cfg, other)
    assert loss_of(cfg).warmup == 75


@pytest.mark.parametrize('given', [dict(warmup=1500), dict(warmup=None)])
def test_a_warm_up_that_is_longer_than_the_training_is_said(given):
    cfg = config(given)
    if given['warmup'] is None:  # not in the config at all
        loss_of(cfg).pop('warmup')
    cfg.train_cfg.max_iters = 500
    _, warned = resolved(cfg)
    assert warned == [
        'model.segmentor.decode_head.loss_decode.warmup is 1500 updates, and '
        'the training has 500: the warm-up ends at 33% of its way; '
        "'auto' would be 19"
    ]
    cfg.train_cfg.max_iters = 1500
    assert resolved(cfg) == ([], [])


def test_epochs_say_nothing_of_iterations():
    cfg = config(train_cfg=dict(by_epoch=True, max_epochs=3))
    cfg.model.alpha = 0.99
    with pytest.raises(
        ValueError,
        match='loss_decode.warmup.*max_iters, which is not set.*'
        '1500 for 40000',
    ):
        resolved(cfg)
    loss_of(cfg).warmup = 1500
    assert resolved(cfg) == ([], [])


def test_images_that_wait_have_no_crop():
    cfg = config(dict(min_samples='auto', collect_over=300))
    with pytest.raises(ValueError, match='min_samples.*collect_over=300'):
        resolved(cfg)
    cfg = config(dict(min_samples='auto'))
    cfg.model.segmentor.type = 'ImageClassifier'
    with pytest.raises(ValueError, match='min_samples.*whole images'):
        resolved(cfg)
