"""Configs of MMSegmentation's wheel, made small enough for tests."""

from pathlib import Path

import mmseg
import torch
from mmengine.config import Config

CONFIGS = Path(mmseg.__file__).parent / '.mim/configs'
RESNET = dict(depth=18, base_channels=4, stem_channels=4)

# config and overrides of its network, by a short name
NETWORKS = dict(
    segformer=(
        'segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py',
        {
            'backbone.init_cfg': None,
            'backbone.embed_dims': 4,
            'backbone.num_layers': [1, 1, 1, 1],
            'decode_head.in_channels': [4, 8, 20, 32],
            'decode_head.channels': 8,
        },
    ),
    pspnet=(
        'pspnet/pspnet_r50-d8_4xb2-40k_cityscapes-512x1024.py',
        {
            'pretrained': None,
            **{f'backbone.{k}': v for k, v in RESNET.items()},
            'decode_head.in_channels': 32,
            'decode_head.channels': 8,
            'auxiliary_head.in_channels': 16,
            'auxiliary_head.channels': 8,
        },
    ),
    deeplabv3plus=(
        'deeplabv3plus/deeplabv3plus_r50-d8_4xb2-40k_cityscapes-769x769.py',
        {
            'pretrained': None,
            **{f'backbone.{k}': v for k, v in RESNET.items()},
            'decode_head.in_channels': 32,
            'decode_head.channels': 8,
            'decode_head.c1_in_channels': 4,
            'decode_head.c1_channels': 4,
            'auxiliary_head.in_channels': 16,
            'auxiliary_head.channels': 8,
        },
    ),
    upernet=(
        'upernet/upernet_r50_4xb4-80k_ade20k-512x512.py',
        {
            'pretrained': None,
            **{f'backbone.{k}': v for k, v in RESNET.items()},
            'decode_head.in_channels': [4, 8, 16, 32],
            'decode_head.channels': 8,
            'auxiliary_head.in_channels': 16,
            'auxiliary_head.channels': 8,
        },
    ),
    swin=(
        'swin/swin-tiny-patch4-window7-in1k-pre_upernet_8xb2-160k_ade20k-'
        '512x512.py',
        {
            'backbone.init_cfg': None,
            'backbone.embed_dims': 4,
            'backbone.depths': [1, 1, 1, 1],
            'backbone.num_heads': [1, 1, 1, 1],
            'decode_head.in_channels': [4, 8, 16, 32],
            'decode_head.channels': 8,
            'auxiliary_head.in_channels': 16,
            'auxiliary_head.channels': 8,
        },
    ),
)


def small_stock_config(name: str, size: tuple[int, int]) -> Config:
    """A stock config with few channels, small crops and a short training.

    Args:
        name: Key of ``NETWORKS``.
        size: Height and width of crops and windows.
    """
    file, network = NETWORKS[name]
    cfg = Config.fromfile(CONFIGS / file)
    cfg.merge_from_dict({f'model.{k}': v for k, v in network.items()})
    cfg.merge_from_dict(
        {
            'data_preprocessor.size': size,
            'model.data_preprocessor.size': size,
            'train_cfg.max_iters': 2,
            'train_cfg.val_interval': 2,
            'default_hooks.checkpoint.interval': 2,
            'default_hooks.logger.interval': 1,
            'param_scheduler': [],
        }
    )
    if cfg.model.test_cfg.mode == 'slide':
        cfg.model.test_cfg.update(crop_size=size, stride=[s - 8 for s in size])
    return cfg


def use_data(cfg: Config, datasets: dict[str, dict], size) -> None:
    """Put other data behind a stock config's own pipelines.

    Args:
        cfg: Config to change.
        datasets: Of 'train' and 'val', what is changed of the data set.
        size: Height and width of crops; images are not resized.
    """
    for split in ('train', 'val', 'test'):
        loader = cfg[f'{split}_dataloader']
        loader.update(num_workers=0, persistent_workers=False)
        data = loader.dataset
        data.update(datasets.get(split, datasets['val']))
        data.pipeline = [
            t
            for t in data.pipeline
            if t.type not in ('Resize', 'RandomResize')
        ]
        for transform in data.pipeline:
            if transform.type == 'RandomCrop':
                transform.crop_size = size
    cfg.train_dataloader.batch_size = 2


def save_random_weights(cfg: Config, path: Path, classes) -> Path:
    """A checkpoint of a config's model that was never trained."""
    from mmengine.registry import init_default_scope
    from mmseg.registry import MODELS

    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = MODELS.build(cfg.model.copy())
    meta = dict(dataset_meta=dict(classes=tuple(classes)))
    torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
    return path
