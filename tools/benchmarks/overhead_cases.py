"""What blda_overhead.py measures: losses, and whole training steps."""

from collections.abc import Callable
from pathlib import Path

import torch
from mmengine.config import Config, ConfigDict
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope
from mmseg.registry import MODELS
from step_cases import Case, iterate, make_step, random_batch

import mmseg_balance  # noqa: F401  (registers everything)

ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'configs/dacs/dacs_lite0_500_toy2toy-128x128.py'
# its network with the classes of CamVid, on crops of another size
LITE0 = dict(num_classes=11, size=(256, 256))
# MiT-B0 with the head of SegFormer, as in its paper
MIT_B0 = dict(
    backbone=dict(
        type='MixVisionTransformer',
        embed_dims=32,
        num_layers=[2, 2, 2, 2],
        num_heads=[1, 2, 5, 8],
        patch_sizes=[7, 3, 3, 3],
        sr_ratios=[8, 4, 2, 1],
        out_indices=(0, 1, 2, 3),
        mlp_ratio=4,
        qkv_bias=True,
        drop_path_rate=0.1,
    ),
    head=dict(in_channels=[32, 64, 160, 256], channels=256, num_classes=19),
    size=(512, 512),
)


def loss_case(
    kind: str, size: int, num_classes: int, images: int, device: str
) -> Callable[[], None]:
    """Forward and backward of a loss.

    Labels are random pixel by pixel: every class fills its buffers, and no
    two pixels read the same part of a table, the dearest case.

    Args:
        kind: 'ce'; or 'source' or 'mixed', BLDALoss with fitted statistics,
            their update included.
        size: Side of the crop.
        num_classes: Number of classes.
        images: Images of the batch.
        device: Where to run.
    """
    init_default_scope('mmseg')
    torch.manual_seed(0)
    labels = torch.randint(num_classes, (images, size, size), device=device)
    logits = torch.randn(images, num_classes, size, size, device=device)
    extra = {}
    if kind == 'mixed':
        extra['target_mask'] = torch.rand(labels.shape, device=device) < 0.5
    cfg = dict(type='CrossEntropyLoss')
    if kind != 'ce':
        cfg = dict(type='BLDALoss', num_classes=num_classes)
    loss = MODELS.build(cfg).to(device)

    def run() -> None:
        leaf = logits.detach().requires_grad_()
        loss(leaf, labels, ignore_index=255, **extra).backward()
        if kind != 'ce':
            loss.update_statistics()

    return run


def step_case(kind: str, net: str, device: str) -> Callable[[], None]:
    """A whole DACS step of two images a domain, statistics included.

    Args:
        kind: 'dacs', 'ola' or 'blda' (OLA and density estimation).
        net: With the head of SegFormer: 'lite0', 11 classes at 256 x 256, or
            'mit-b0', 19 classes at 512 x 512.
        device: Where to run.
    """
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = step_model(kind, net).to(device).train()
    model.copy_student()
    wrapper = OptimWrapper(torch.optim.AdamW(model.trainable.parameters()))
    generator = torch.Generator().manual_seed(0)

    def run() -> None:
        iterate(model, random_batch(model, 2, generator), wrapper)

    return run


def daformer_case(kind: str, device: str) -> Callable[[], None]:
    """A whole DAFormer step of two images a domain, statistics included.

    MiT-B0 with DAFormerHead at 512 x 512, feature distance, 19 classes.

    Args:
        kind: 'daformer' or 'blda' (OLA and density estimation).
        device: Where to run.
    """
    balance = 'blda' if kind == 'blda' else 'none'
    return make_step(*Case('daformer', balance, net='mit-b0', device=device))


def step_model(kind: str, net: str) -> torch.nn.Module:
    """Model of a step, with random weights."""
    cfg = Config.fromfile(ROOT / CONFIG).model
    segmentor = cfg.segmentor
    segmentor.backbone.init_cfg = None
    segmentor.decode_head.num_classes = LITE0['num_classes']
    segmentor.data_preprocessor.size = LITE0['size']
    if net == 'mit-b0':
        segmentor.backbone = ConfigDict(MIT_B0['backbone'])
        segmentor.decode_head.update(MIT_B0['head'])
        segmentor.data_preprocessor.size = MIT_B0['size']
    if kind != 'dacs':
        segmentor.decode_head.loss_decode = ConfigDict(
            type='BLDALoss', num_classes=segmentor.decode_head.num_classes
        )
    if kind == 'blda':
        cfg.density_estimation = {}
    return MODELS.build(cfg)
