"""Configs of the runs that are disturbed: one method class each, tiny.

The configs are those of the demo; networks, crops and schedules are small, so
that a run takes seconds and what is kept between iterations is all there.
"""

from pathlib import Path

from mmseg_balance.datasets.toy_streets import ToyStreets, generate_toy_streets

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
_base_ = ['{root}/configs/{base}']
crop = (64, 64)
model = dict(
    segmentor=dict(
        data_preprocessor=dict(size=crop),
        backbone=dict(
            _delete_=True, type='FusedMixVisionTransformer', embed_dims=8,
            num_layers=[1, 1, 1, 1], num_heads=[1, 2, 5, 8],
            drop_path_rate=0.1)))
if '{method}' not in {without_teacher}:
    model['pseudo_threshold'] = 0.0
small_head = dict(in_channels=[8, 16, 40, 64], channels=16)
target_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomCrop', crop_size=crop),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
source_pipeline = [
    target_pipeline[0], dict(type='LoadAnnotations'), *target_pipeline[1:]]
train_dataloader = dict(
    num_workers={workers},
    persistent_workers={workers} > 0,
    dataset=dict(
        source=dict(data_root='{data}/toy_gta', pipeline=source_pipeline),
        target=dict(
            data_root='{data}/toy_cityscapes', pipeline=target_pipeline)))
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(data_root='{data}/toy_cityscapes', indices=2))
test_dataloader = val_dataloader
train_cfg = dict(max_iters={iters}, val_interval={val_interval})
default_hooks = dict(
    logger=dict(interval=1),
    checkpoint=dict(interval={interval}, max_keep_ckpts={keep}))
{network}
{schedule}
{extra}
"""
HEAD = "model['segmentor']['decode_head'] = small_head\n"
DAFORMER = (
    "model['segmentor']['decode_head'] = dict(\n"
    '    **small_head, decoder_params=dict(embed_dims=16))\n'
)
BLDA = (
    "model['segmentor']['decode_head'].update(\n"
    '    loss_decode=dict(min_samples=20))\n'
)
SCHEDULE = """
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0,
         end={warmup}),
    dict(type='PolyLR', power=1.0, by_epoch=False, begin={warmup},
         end={iters}),
]
"""
BOTH = """
param_scheduler = dict(
    student=param_scheduler,
    discriminator=[dict(type='PolyLR', power=0.9, by_epoch=False,
                        end={iters})])
"""
# name: config of the demo, what makes its networks small, end of its schedule
METHODS = {
    'dacs+blda': (
        'dacs/dacs_blda_lite0_300_toy2toy-256x256.py',
        HEAD + BLDA,
        SCHEDULE,
    ),
    'advent': (
        'advent/advent_lite0_300_toy2toy-192x192.py',
        DAFORMER,
        SCHEDULE + BOTH,
    ),
    'max-square': (
        'maxsquare/maxsquare_lite0_300_toy2toy-192x192.py',
        DAFORMER,
        SCHEDULE,
    ),
    'minent': (
        'minent/minent_lite0_300_toy2toy-192x192.py',
        DAFORMER,
        SCHEDULE,
    ),
    'cdac+blda': (
        'cdac/cdac_blda_mit-tiny_300_toy2toy-192x192.py',
        DAFORMER
        + BLDA
        + """
train_dataloader['dataset']['rare_class_sampling'] = dict(min_pixels=20)
""",
        SCHEDULE,
    ),
    'mic-on-hrda+blda': (
        'mic/mic_hrda_blda_lite0_300_toy2toy-192x192.py',
        """
part = dict(**small_head, decoder_params=dict(embed_dims=16))
model['segmentor'].update(
    decode_head=dict(head=part, attention=part),
    detail_crop_size=(32, 32),
    test_cfg=dict(crop_size=crop, stride=(32, 32)))
model['masked_consistency'] = dict(block_size=16)
train_dataloader['dataset']['rare_class_sampling'] = dict(min_pixels=20)
"""
        + BLDA,
        SCHEDULE,
    ),
    # every loss that keeps something, on one head
    'balance-losses': (
        'dacs/dacs_blda_lite0_300_toy2toy-256x256.py',
        """
counted = dict(num_classes=19, counts='online')
model['segmentor']['decode_head'] = dict(
    **small_head,
    loss_decode=[
        dict(type='SeesawLoss', **counted),
        dict(type='LBWLoss', num_classes=19),
        dict(type='BLVLoss', **counted),
        dict(type='LogitAdjustmentLoss', num_classes=19, allow_absent=True),
        dict(type='ClassBalancedLoss', unit='pixels', **counted),
        dict(type='BLDALoss', num_classes=19, min_samples=20,
             criterion=dict(type='GBWLoss'))])
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TeacherUpdateHook'),
    dict(type='GMMUpdateHook'),
    dict(type='ClassStatisticsHook'),
    dict(type='ClassWeightsHook', interval=2),
]
""",
        SCHEDULE,
    ),
}
WITHOUT_TEACHER = ('advent', 'max-square', 'minent')


def make_data(folder: Path) -> Path:
    """Toy streets of 64 x 128 pixels, made once.

    Args:
        folder: Where.

    Returns:
        The folder.
    """
    if not folder.is_dir():
        # aside first: a folder that is there is whole
        part = folder.with_name(f'{folder.name}.part')
        small = ToyStreets(
            num_source=16, num_target=8, num_val=8, num_second=0,
            height=64, width=128,
        )  # fmt: skip
        generate_toy_streets(part, small, nproc=1)
        part.rename(folder)
    return folder


def write_config(
    file: Path,
    data: Path,
    method: str,
    iters: int,
    interval: int = 2,
    val_interval: int = 10000,
    keep: int = 3,
    workers: int = 0,
    extra: str = '',
) -> Path:
    """Write the config of a short run.

    Args:
        file: Where to.
        data: What :func:`make_data` returned.
        method: Key of ``METHODS``.
        iters: Iterations of the whole run.
        interval: Iterations between checkpoints.
        val_interval: Iterations between validations.
        keep: Checkpoints to keep, -1 for all.
        workers: Processes of the training data loader.
        extra: Python code at the end of the config.

    Returns:
        The file.
    """
    base, network, schedule = METHODS[method]
    file.parent.mkdir(parents=True, exist_ok=True)
    text = CONFIG.format(
        root=ROOT,
        base=base,
        method=method,
        without_teacher=WITHOUT_TEACHER,
        data=data,
        workers=workers,
        iters=iters,
        val_interval=val_interval,
        interval=interval,
        keep=keep,
        network=network,
        schedule=schedule.format(warmup=max(iters // 4, 1), iters=iters),
        extra=extra,
    )
    file.write_text(text)
    return file
