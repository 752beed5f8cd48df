"""What blda_overhead.py measures: losses, and whole training steps."""

from collections.abc import Callable
from pathlib import Path

import torch
from mmengine.config import Config, ConfigDict
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor

import mmseg_balance  # noqa: F401  (registers everything)

ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'configs/dacs/dacs_lite0_500_camvid-day2camvid-dusk-256x256.py'
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
# side of the squares that labels of a step consist of
SQUARE = 32


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
        net: 'lite0', the small CamVid model at its own crop; or 'mit-b0',
            with the head of SegFormer, 19 classes at 512 x 512.
        device: Where to run.
    """
    init_default_scope('mmseg')
    torch.manual_seed(0)
    model = step_model(kind, net).to(device).train()
    model.copy_student()
    wrapper = OptimWrapper(torch.optim.AdamW(model.trainable.parameters()))
    generator = torch.Generator().manual_seed(0)
    height, width = model.data_preprocessor.size

    def branch(labelled: bool) -> dict:
        samples = [SegDataSample() for _ in range(2)]
        for sample in samples if labelled else []:
            labels = squares(model.num_classes, height, width, generator)
            sample.gt_sem_seg = PixelData(data=labels)
        images = torch.randint(
            255, (2, 3, height, width), generator=generator
        ).byte()
        return dict(inputs=list(images), data_samples=samples)

    def run() -> None:
        model.train_step(
            dict(source=branch(True), target=branch(False)), wrapper
        )
        if kind != 'dacs':
            model.student.decode_head.loss_decode.update_statistics()
        model.update_teacher(5)

    return run


def step_model(kind: str, net: str) -> torch.nn.Module:
    """Model of a step, with random weights."""
    cfg = Config.fromfile(ROOT / CONFIG).model
    segmentor = cfg.segmentor
    segmentor.backbone.init_cfg = None
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


def squares(
    num_classes: int, height: int, width: int, generator: torch.Generator
) -> Tensor:
    """Labels (1, height, width) of random squares."""
    shape = 1, height // SQUARE, width // SQUARE
    few = torch.randint(num_classes, shape, generator=generator)
    return few.repeat_interleave(SQUARE, 1).repeat_interleave(SQUARE, 2)
