"""``--tta`` where the config says nothing of it."""

import pytest
from mmengine.config import Config

from mmseg_balance.inference.test_time_augmentation import (
    mirrored,
    set_test_time_augmentation,
)

LOAD = dict(type='LoadImageFromFile')
RESIZE = dict(type='Resize', scale=(8, 4))
LABEL = dict(type='LoadAnnotations')
PACK = dict(type='PackSegInputs')
FLIPS = [dict(type='RandomFlip', prob=p) for p in (0.0, 1.0)]


def test_images_are_mirrored_and_labels_are_not():
    assert mirrored([LOAD, RESIZE, LABEL, PACK]) == [
        LOAD,
        dict(
            type='TestTimeAug',
            transforms=[[RESIZE], FLIPS, [LABEL], [PACK]],
        ),
    ]
    (_, augmented) = mirrored([LOAD, PACK])
    assert augmented['transforms'] == [FLIPS, [PACK]]
    # what says that a prediction is to be mirrored back is packed
    own = dict(PACK, meta_keys=('img_path', 'flip'))
    packed = mirrored([LOAD, own])[1]['transforms'][-1][0]
    assert packed['meta_keys'] == ('img_path', 'flip', 'flip_direction')
    assert own['meta_keys'] == ('img_path', 'flip')


def test_settings_of_the_config_count():
    own = [LOAD, PACK]
    cfg = Config(
        dict(
            model=dict(type='A', data_preprocessor=dict(type='P')),
            data_preprocessor=dict(type='Q'),
            tta_model=dict(type='B'),
            tta_pipeline=own,
            test_dataloader=dict(dataset=dict(type='C', pipeline=[LOAD])),
        )
    )
    assert set_test_time_augmentation(cfg) == []
    assert cfg.test_dataloader.dataset.pipeline == own
    assert cfg.model.type == 'B' and cfg.model.module.type == 'A'
    # BaseTTAModel hands its own on, and the runner would give it Q
    assert cfg.model.data_preprocessor.type == 'P'

    del cfg.test_dataloader.dataset['pipeline']
    with pytest.raises(ValueError, match='dataset is a C without one'):
        set_test_time_augmentation(cfg)


def test_instances_of_views_are_not_merged():
    cfg = Config(
        dict(
            model=dict(
                type='DACS', segmentor=dict(type='PanopticEncoderDecoder')
            ),
            test_dataloader=dict(dataset=dict(type='C', pipeline=[LOAD])),
        )
    )
    with pytest.raises(ValueError, match='a PanopticEncoderDecoder, which fi'):
        set_test_time_augmentation(cfg)
