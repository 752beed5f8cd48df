"""Whole training steps of the methods, for the scripts beside this one.

Models and optimizers are those of the configs of GTA -> Cityscapes, with
another backbone or crop where that is asked for, and random weights. Batches
are random images with labels in squares.
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import NamedTuple

import torch
from mmengine.config import Config, ConfigDict
from mmengine.logging import MMLogger
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import init_default_scope
from mmengine.structures import PixelData
from mmseg.registry import MODELS
from mmseg.structures import SegDataSample
from torch import Tensor, nn

import mmseg_balance  # noqa: F401  (registers everything)
from mmseg_balance.engine.hooks.channels_last_hook import use_channels_last
from mmseg_balance.engine.hooks.compile_hook import compile_networks
from mmseg_balance.files.config_walk import dicts_in

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
END = 'mit-b5_40k_gta2cityscapes'
FILES = dict(
    source_only=f'source_only/source_only_{END}-512x512.py',
    dacs=f'daformer/daformer_{END}-512x512.py',  # without the distance
    daformer=f'daformer/daformer_{END}-512x512.py',
    hrda=f'hrda/hrda_{END}-1024x1024.py',
    mic=f'mic/mic_hrda_{END}-1024x1024.py',
    cdac=f'cdac/cdac_{END}-512x512.py',
)
METHODS = tuple(FILES)
# DeepLabV2 with ResNet-101, whatever backbone the others have
CNN_FILES = dict(
    minent='minent/minent_r101_40k_gta2cityscapes-512x512.py',
    advent='advent/advent_r101_120k_gta2cityscapes-512x512.py',
    adaptsegnet='adaptsegnet/adaptsegnet_r101_150k_gta2cityscapes-512x512.py',
)
# the network of one level, with what configs/_base_/uda has of theirs
# (phfa-outputs: without its feature_alignment)
ALIGNED = ('sim', 'phfa', 'phfa-outputs')
CNN_FILES |= dict.fromkeys(ALIGNED, CNN_FILES['minent'])
CNN_METHODS = tuple(CNN_FILES)
# online logits adjustment; the same with density estimation; GBW
BALANCES = ('none', 'ola', 'blda', 'gbw')
# embed_dims and num_layers of the backbone
NETS = {
    'mit-b0': (32, [2, 2, 2, 2]),
    'mit-b1': (64, [2, 2, 2, 2]),
    'mit-b2': (64, [3, 4, 6, 3]),
    'mit-b3': (64, [3, 4, 18, 3]),
    'mit-b4': (64, [3, 8, 27, 3]),
    'mit-b5': (64, [3, 6, 40, 3]),
}
PRECISIONS = ('float32', 'tf32', 'amp')
# side of the squares that labels consist of
SQUARE = 32


class Case(NamedTuple):
    """A training step.

    Attributes:
        method: One of METHODS or CNN_METHODS; or 'reference', DAFormer with
            MMSegmentation's own MiT.
        balance: One of BALANCES.
        precision: 'float32'; 'tf32', the same with TF32 on CUDA; or 'amp',
            float16 on CUDA and bfloat16 on the CPU, without TF32.
        compiled: See ``CompileHook``.
        channels_last: See ``ChannelsLastHook``.
        with_cp: Activation checkpointing of the backbone.
        net: Name of the backbone, one of NETS; not of CNN_METHODS.
        size: Side of the crop; None for that of the config. The detail crop
            of HRDA is half of it.
        images: Images of each domain.
        device: Where to run.
    """

    method: str
    balance: str = 'none'
    precision: str = 'float32'
    compiled: bool = False
    channels_last: bool = False
    with_cp: bool = False
    net: str = 'mit-b5'
    size: int | None = None
    images: int = 2
    device: str = 'cpu'


def make_step(*fields) -> Callable[[], None]:
    """A step with all that a run does in an iteration, but for its data.

    Losses, optimizer, statistics and teacher; every call draws by a seed of
    its own, the same in all cases.

    Args:
        *fields: Of a Case.
    """
    case = Case(*fields)
    model, wrapper = build(case)
    data = random_batch(model, case.images, torch.Generator().manual_seed(0))
    seeds = count()

    def run() -> None:
        allow_tf32(case.precision == 'tf32')
        torch.manual_seed(next(seeds))
        iterate(model, data, wrapper)

    return run


def allow_tf32(is_allowed: bool) -> None:
    """Round the factors of float32 products to TF32, or do not (CUDA)."""
    torch.backends.cudnn.allow_tf32 = is_allowed
    torch.backends.cuda.matmul.allow_tf32 = is_allowed


def build(case: Case) -> tuple[nn.Module, OptimWrapper]:
    """Model and optimizer of a case, ready for the first iteration."""
    init_default_scope('mmseg')
    # mmengine writes a line for each setting of each parameter
    if not MMLogger.check_instance_created('steps'):
        MMLogger.get_instance('steps', log_level='WARNING')
    torch.manual_seed(0)
    cfg = case_config(case)
    model = MODELS.build(cfg.model).to(case.device).train()
    if model.teacher is not None:
        model.copy_student()
    if case.channels_last:
        use_channels_last(model)
    if case.compiled:
        compile_networks(model, dynamic=False)
    return model, build_optim_wrapper(model, cfg.optim_wrapper)


def case_config(case: Case) -> Config:
    """The config of a case: that of its method, and what differs."""
    name = case.method.replace('reference', 'daformer')
    cfg = Config.fromfile(CONFIGS / {**FILES, **CNN_FILES}[name])
    segmentor = cfg.model.segmentor
    if case.method == 'dacs':
        cfg.model.update(type='DACS', feature_distance=None)
    if case.method in ALIGNED:
        align(cfg, case.method)
    if case.method == 'reference':
        segmentor.backbone.type = 'MixVisionTransformer'
    segmentor.backbone.update(init_cfg=None, with_cp=case.with_cp)
    if name in FILES:
        set_net(segmentor, *NETS[case.net])
    if case.size is not None:
        segmentor.data_preprocessor.size = (case.size, case.size)
        if 'detail_crop_size' in segmentor:
            segmentor.detail_crop_size = (case.size // 2, case.size // 2)
    set_balance(cfg, case.balance)
    if case.precision == 'amp':
        cfg.optim_wrapper.type = 'AutocastOptimWrapper'
        if case.device != 'cpu':
            cfg.optim_wrapper.update(
                type='AmpOptimWrapper', loss_scale='dynamic'
            )
    return cfg


def align(cfg: Config, method: str) -> None:
    """Make a config that of a method which aligns features.

    Args:
        cfg: Of DeepLabV2 with one level, changed in place.
        method: One of ALIGNED.
    """
    name = method.removesuffix('-outputs')
    base = Config.fromfile(CONFIGS / f'_base_/uda/{name}.py')
    cfg.merge_from_dict(dict(model=base.uda_model.to_dict()))
    if name != method:
        cfg.model.feature_alignment = None
    optimizer = cfg.optim_wrapper
    adam = dict(optimizer=dict(type='Adam', lr=1e-4, betas=(0.9, 0.99)))
    cfg.optim_wrapper = ConfigDict(
        constructor='AdversarialOptimWrapperConstructor',
        student=optimizer,
        discriminator=adam,
    )


def set_net(segmentor: ConfigDict, dims: int, layers: list[int]) -> None:
    """Give a segmentor a MiT of another size.

    Args:
        segmentor: Config, changed in place.
        dims: Channels of the first stage.
        layers: Of each stage.
    """
    segmentor.backbone.update(embed_dims=dims, num_layers=layers)
    for part in dicts_in(segmentor.decode_head):
        if 'in_channels' in part:
            part.in_channels = [dims, 2 * dims, 5 * dims, 8 * dims]


def set_balance(cfg: Config, balance: str) -> None:
    """Add what the configs of a balance method add.

    Args:
        cfg: Config of a method, changed in place.
        balance: One of BALANCES.
    """
    if balance == 'none':
        return
    name = balance.replace('ola', 'blda')
    added = Config.fromfile(CONFIGS / f'_base_/balance/{name}.py')
    cfg.merge_from_dict(dict(model=added.balance_model.to_dict()))
    if balance == 'ola':
        del cfg.model.density_estimation


def iterate(model: nn.Module, data: dict, wrapper: OptimWrapper) -> None:
    """One iteration, and what the hooks do after it."""
    model.train_step(data, wrapper)
    update_others(model)


def update_others(model: nn.Module) -> None:
    """What the hooks do after an iteration: statistics, then the teacher."""
    for module in model.modules():
        if hasattr(module, 'update_statistics'):
            module.update_statistics()
    if model.teacher is not None:
        model.update_teacher(5)


def random_batch(
    model: nn.Module, images: int, generator: torch.Generator
) -> dict[str, dict]:
    """Source and target images of the size that the model expects."""
    height, width = model.data_preprocessor.size
    data = {}
    for domain in ('source', 'target'):
        samples = [SegDataSample() for _ in range(images)]
        for sample in samples if domain == 'source' else []:
            labels = squares(model.num_classes, height, width, generator)
            sample.gt_sem_seg = PixelData(data=labels)
        inputs = torch.randint(
            255, (images, 3, height, width), generator=generator
        ).byte()
        data[domain] = dict(inputs=list(inputs), data_samples=samples)
    return data


def squares(
    num_classes: int, height: int, width: int, generator: torch.Generator
) -> Tensor:
    """Labels (1, height, width) of random squares."""
    shape = 1, -(-height // SQUARE), -(-width // SQUARE)
    few = torch.randint(num_classes, shape, generator=generator)
    labels = few.repeat_interleave(SQUARE, 1).repeat_interleave(SQUARE, 2)
    return labels[:, :height, :width]
