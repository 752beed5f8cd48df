"""Small toy streets, and runs of the tools on them."""

import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from helpers.paths import ROOT
from helpers.tool_processes import ToolProcess

from mmseg_balance.datasets.toy_streets import ToyStreets, generate_toy_streets


@pytest.fixture(scope='session')
def toy_streets(tmp_path_factory) -> Path:
    """Toy streets of 64 x 128 pixels, in the layouts of the demo."""
    root = tmp_path_factory.mktemp('toy_streets')
    counts = dict(num_source=16, num_target=8, num_val=8, num_second=8)
    generate_toy_streets(
        root, ToyStreets(**counts, height=64, width=128), nproc=1
    )
    return root


HOOK = """
import os
import torch
from mmengine.hooks import Hook
from mmengine.dist import get_rank
from mmseg.registry import HOOKS


@HOOKS.register_module()
class DumpRank(Hook):
    def before_train(self, runner):
        self.losses = []

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        self.losses.append(outputs['loss'])

    def after_train(self, runner):
        folder = os.environ['DUMP_FOLDER']
        torch.save(dict(state=runner.model.module.state_dict(),
                        losses=self.losses),
                   os.path.join(folder, f'rank{get_rank()}.pth'))
"""

CONFIG = """
_base_ = ['{root}/configs/{base}']
crop = (64, 64)
data = '{data}'
model = dict(
    segmentor=dict(
        data_preprocessor=dict(size=crop),
        decode_head=dict(loss_decode=dict(min_samples=20))),
    pseudo_threshold=0.0)
target_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomCrop', crop_size=crop),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs'),
]
source_pipeline = [
    target_pipeline[0], dict(type='LoadAnnotations'), *target_pipeline[1:]]
train_dataloader = dict(
    dataset=dict(
        source=dict(data_root='{data}/toy_gta', pipeline=source_pipeline),
        target=dict(
            data_root='{data}/toy_cityscapes', pipeline=target_pipeline)))
val_dataloader = dict(dataset=dict(data_root='{data}/toy_cityscapes'))
test_dataloader = val_dataloader
train_cfg = dict(max_iters={iters}, val_interval=10000)
default_hooks = dict(
    logger=dict(interval=1),
    checkpoint=dict(interval={interval}, max_keep_ckpts=-1))
{extra}
"""

# Python 3.11 may fork a worker while a thread of gloo holds a lock that the
# worker then waits for (_PyThreadState_DeleteExcept), once in hundreds of runs
NO_WORKERS = """
train_dataloader.update(num_workers=0, persistent_workers=False)
"""
HANGS_AFTER = 900  # seconds


# configs with BLDA, or without teacher, and what makes their networks small
WITHOUT_BLDA = """
model['segmentor']['decode_head'].update(channels=16, loss_decode={})
"""
# segments of the source as targets of both kinds of branches
PANOPTIC = (
    WITHOUT_BLDA
    + """
model['segmentor']['decode_head'].update(decoder_params=dict(embed_dims=16))
source_pipeline[1] = dict(type='LoadPanopticAnnotations')
source_pipeline[-1:] = [
    dict(type='PanopticTargets', instances=True, centers=True, sigma=2),
    dict(type='PackPanopticInputs')]
train_dataloader['dataset']['rare_class_sampling'] = dict(min_pixels=20)
"""
)
METHODS = {
    'edaps': (
        'edaps/edaps_lite0_1000_toy2toy-128x128.py',
        PANOPTIC
        + """
model['segmentor'].update(
    instance_head=dict(channels=16, fc_channels=32))
""",
    ),
    'edaps-bu': (
        'edaps/edaps-bu_lite0_1000_toy2toy-128x128.py',
        PANOPTIC
        + """
model['segmentor'].update(
    instance_head=dict(
        decoder=dict(channels=16, decoder_params=dict(embed_dims=16))))
""",
    ),
    'advent': (
        'advent/advent_lite0_300_toy2toy-192x192.py',
        WITHOUT_BLDA,
    ),
    # every term on one pass; buffers that are full in a few iterations
    'phfa': (
        'adaptsegnet/adaptsegnet_lite0_300_toy2toy-192x192.py',
        WITHOUT_BLDA
        + """
model.update(
    type='PHFA',
    feature_alignment=dict(
        stuff_classes=[0, 1, 2, 3, 4, 8, 9, 10],
        thing_classes=[5, 6, 7, 11, 12, 13, 14, 15, 16, 17, 18],
        stuff_buffer=2, thing_buffer=3, check_class=False))
""",
    ),
    'max-square': (
        'maxsquare/maxsquare_lite0_300_toy2toy-192x192.py',
        WITHOUT_BLDA,
    ),
    'dacs': (
        'dacs/dacs_blda_lite0_300_toy2toy-256x256.py',
        "model['segmentor']['decode_head']['channels'] = 16",
    ),
    # a frozen transformer with low-rank updates
    'vit-lora': (
        'dacs/dacs_blda_vit-tiny-lora_500_toy2toy-128x128.py',
        """
model['segmentor']['backbone'] = dict(
    embed_dim=24, depth=2, out_indices=(0, 1), scales=(2, 1), out_channels=16,
    adapter=dict(dropout=0.1))
model['segmentor']['decode_head'].update(
    in_channels=[16, 16], in_index=[0, 1], channels=16,
    decoder_params=dict(embed_dims=16))
""",
    ),
    # every loss that keeps something, on one head
    'balance': (
        'dacs/dacs_blda_lite0_300_toy2toy-256x256.py',
        """
counted = dict(num_classes=19, counts='online')
model['segmentor']['decode_head'].update(
    channels=16,
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
    ),
    'cdac': (
        'cdac/cdac_blda_mit-tiny_300_toy2toy-192x192.py',
        """
model['segmentor']['backbone'] = dict(embed_dims=8, num_layers=[1, 1, 1, 1])
model['segmentor']['decode_head'].update(
    in_channels=[8, 16, 40, 64],
    channels=16,
    decoder_params=dict(embed_dims=16))
# two sources, one after the other
train_dataloader['dataset'].update(
    source=[
        dict(type='GTADataset', data_root=f'{data}/toy_gta',
             data_prefix=dict(img_path='images', seg_map_path='labels'),
             pipeline=source_pipeline),
        dict(type='SYNTHIADataset', data_root=f'{data}/toy_synthia',
             data_prefix=dict(img_path='RGB', seg_map_path='GT/LABELS'),
             pipeline=source_pipeline)],
    progressive=[3],
    rare_class_sampling=dict(min_pixels=20))
""",
    ),
    'mic-on-hrda': (
        'mic/mic_hrda_blda_lite0_300_toy2toy-192x192.py',
        """
model['masked_consistency'] = dict(block_size=16)
# a second stage, which has labels of the target as well
model['labelled_target'] = dict(loss_weight=0.5)
train_dataloader['dataset']['target'].update(
    data_prefix=dict(
        img_path='leftImg8bit/train', seg_map_path='gtFine/train'),
    pipeline=source_pipeline)
model['segmentor'].update(
    detail_crop_size=(32, 32), test_cfg=dict(crop_size=crop, stride=(32, 32)))
train_dataloader['dataset']['rare_class_sampling'] = dict(min_pixels=20)
""",
    ),
}


@pytest.fixture
def write_config(toy_streets, tmp_path):
    """A short version of a config on toy streets."""

    def write(iters, interval, extra='', method='dacs') -> Path:
        base, network = METHODS[method]
        file = tmp_path / 'config.py'
        file.write_text(
            CONFIG.format(
                root=ROOT,
                base=base,
                data=toy_streets,
                iters=iters,
                interval=interval,
                extra=f'{network}\n{extra}',
            )
        )
        return file

    return write


@pytest.fixture
def start():
    """Start a tool; its output is in the process's ``stdout``."""

    def start(*command, **env) -> subprocess.Popen:
        return subprocess.Popen(
            [
                sys.executable if part == 'python' else str(part)
                for part in command
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, 'OMP_NUM_THREADS': '1', **env},
        )

    return start


@pytest.fixture
def fork(tmp_path):
    """Start a tool as ``start`` does, forked from a process that has imports.

    ``fork('train.py', ...)``; see ``ToolProcess``.
    """
    count = itertools.count()

    def fork(tool: str, *words, **env) -> ToolProcess:
        log = tmp_path / f'process_{next(count)}.txt'
        return ToolProcess(ROOT / 'tools' / tool, *words, log=log, **env)

    return fork


@pytest.fixture
def run_two_ranks(start, fork, tmp_path):
    """Train on two processes, of which both must end up equal.

    The config has DumpRank among its hooks and ``dump_rank`` among its
    imports. Further arguments are the command that starts both; else they
    are started as torchrun does, and the first is forked. Gives what the
    hook wrote of each rank.
    """
    work = '--work-dir', tmp_path / 'work'
    port = str(29500 + os.getpid() % 1000)
    env = dict(DUMP_FOLDER=str(tmp_path), PYTHONPATH=f'{ROOT}:{tmp_path}')

    def launch(*command):
        path = f'{Path(sys.executable).parent}:{os.environ["PATH"]}'
        process = start(*command, *work, PORT=port, PATH=path, **env)
        output = process.communicate(timeout=HANGS_AFTER)[0]
        assert process.returncode == 0, output

    def launch_each(config: Path):
        with config.open('a') as file:
            file.write(NO_WORKERS)
        words = config, '--launcher', 'pytorch', *work
        sizes = dict(WORLD_SIZE='2', LOCAL_WORLD_SIZE='2')
        sizes |= env | dict(MASTER_ADDR='127.0.0.1', MASTER_PORT=port)
        first = fork('train.py', *words, RANK='0', LOCAL_RANK='0', **sizes)
        command = 'python', ROOT / 'tools/train.py', *words
        second = start(*command, RANK='1', LOCAL_RANK='1', **sizes)
        printed, started = None, time.monotonic()
        while printed is None:
            assert time.monotonic() - started < HANGS_AFTER
            try:
                printed = second.communicate(timeout=0.5)[0]
            except subprocess.TimeoutExpired:
                if first.poll():  # the other would wait for it
                    second.kill()
        if second.returncode and first.poll() is None:
            first.send_signal(signal.SIGKILL)
        output = first.communicate()[0]
        assert (first.returncode, second.returncode) == (0, 0), (
            f'{output}\n{printed}'
        )

    def run(config: Path, *command) -> list[dict]:
        (tmp_path / 'dump_rank.py').write_text(HOOK)
        (launch if command else launch_each)(*(command or (config,)))
        ranks = [
            torch.load(tmp_path / f'rank{i}.pth', weights_only=True)
            for i in range(2)
        ]
        for key, value in ranks[0]['state'].items():
            assert torch.equal(value, ranks[1]['state'][key]), key
        # equal although each rank saw data of its own
        assert all(a != b for a, b in zip(*(r['losses'] for r in ranks)))
        return ranks

    return run
