"""A training on data with what is odd about GTA, SYNTHIA and Cityscapes.

Made files, a few hundred, in the layouts and with the oddities of the public
data sets, go through converters, a training that is stopped and resumed, test
and fit.
"""

import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from helpers.paths import ROOT
from mmengine.hooks import Hook
from mmseg.registry import HOOKS
from PIL import Image

from mmseg_balance.datasets.class_statistics.files import load_class_counts
from mmseg_balance.datasets.conversion.colour_labels import ID_OF_COLOUR
from mmseg_balance.datasets.conversion.label_scheme import CITYSCAPES_TRAIN_IDS

HEIGHT, WIDTH = 32, 64
SKY, ROAD, BUILDING, TREE, CAR, PLATE, VOID = 23, 7, 11, 21, 26, 34, 0
COLOUR_OF_ID = {i: colour for colour, i in ID_OF_COLOUR.items()}
COLOUR_OF_ID[PLATE] = COLOUR_OF_ID[CAR]
SYNTHIA_ID = {
    SKY: 1, ROAD: 3, BUILDING: 2, TREE: 6, CAR: 8, PLATE: 8, VOID: 0,
}  # fmt: skip
PALETTE = np.array([COLOUR_OF_ID.get(i, (0, 0, 0)) for i in range(35)])

CONFIG = """
_base_ = ['{root}/configs/dacs/dacs_blda_r101_40k_gta2cityscapes-512x512.py']
crop = ({height}, {height})
model = dict(
    pseudo_threshold=0.5,
    segmentor=dict(
        data_preprocessor=dict(size=crop),
        backbone=dict(
            _delete_=True, type='MixVisionTransformer', embed_dims=8,
            num_stages=2, num_layers=[1, 1], num_heads=[1, 1],
            patch_sizes=[3, 3], strides=[2, 2], sr_ratios=[4, 2],
            out_indices=(0, 1), mlp_ratio=2),
        decode_head=dict(
            _delete_=True, type='SegformerHead', in_channels=[8, 8],
            in_index=[0, 1], channels=16, num_classes=19, dropout_ratio=0.1,
            norm_cfg=dict(type='BN'), align_corners=False,
            loss_decode=dict(
                type='BLDALoss', num_classes=19, min_samples=20))))
load = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
rest = [
    dict(type='RandomCrop', crop_size=crop),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackSegInputs')]
train_dataloader = dict(
    num_workers=0, persistent_workers=False,
    dataset=dict(
        source=dict(
            _delete_=True, type='ConcatDataset', datasets=[
                dict(
                    type='GTADataset', data_root='{data}/gta',
                    data_prefix=dict(
                        img_path='images', seg_map_path='labels'),
                    pipeline=load + rest),
                dict(
                    type='SYNTHIADataset', data_root='{data}/synthia',
                    data_prefix=dict(
                        img_path='RGB', seg_map_path='GT/LABELS'),
                    pipeline=load + rest)]),
        target=dict(
            _delete_=True, type='ConcatDataset', datasets=[
                dict(
                    type='CityscapesDataset', data_root='{data}/cityscapes',
                    data_prefix=dict(img_path='leftImg8bit/' + split),
                    pipeline=load[:1] + rest)
                for split in ('train', 'train_extra')])))
val_dataloader = dict(
    num_workers=0, persistent_workers=False,
    dataset=dict(
        data_root='{data}/cityscapes', pipeline=load + rest[-1:]))
test_dataloader = val_dataloader
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    dict(type='PolyLR', power=1.0, begin=0, end=301, by_epoch=False)]
# mmengine tells runs of one process apart by it
visualizer = dict(name='public_data')
train_cfg = dict(max_iters=300, val_interval=300)
default_hooks = dict(
    logger=dict(interval=50), checkpoint=dict(interval=150))
custom_hooks = [
    dict(type='IterationSeedHook'),
    dict(type='TeacherUpdateHook'),
    dict(type='GMMUpdateHook'),
    dict(type='StopOnce', file='{data}/stopped')]
"""


@HOOKS.register_module()
class StopOnce(Hook):
    """Ends a training in its 200th iteration, but not the one after it."""

    def __init__(self, file):
        self.file = Path(file)

    def after_train_iter(self, runner, **kwargs):
        if runner.iter == 200 and not self.file.exists():
            self.file.touch()
            raise KeyboardInterrupt


@pytest.fixture
def run(monkeypatch):
    """Run a tool in this process."""

    def run(tool, *args):
        path = ROOT / 'tools' / tool
        monkeypatch.setattr(sys, 'argv', [str(path), *map(str, args)])
        runpy.run_path(str(path))['main']()

    return run


# -- the files ---------------------------------------------------------------
def street(rng, target=False):
    """Ids (H, W) of Cityscapes, and an image of their shifted colours."""
    ids = np.full((HEIGHT, WIDTH), SKY)
    horizon = rng.integers(8, 16)
    for left in range(0, WIDTH, 16):
        top = rng.integers(2, horizon)
        ids[top:horizon, left : left + 16] = rng.choice([BUILDING, TREE])
    ids[horizon:] = ROAD
    left = rng.integers(0, WIDTH - 16)
    ids[horizon : horizon + 8, left : left + 16] = CAR
    ids[horizon + 6, left + 6 : left + 10] = PLATE
    ids[-2:] = VOID
    image = PALETTE[ids] * (0.7 if target else 1.0)
    image = image + rng.normal(0, 8, image.shape) + 20 * target
    return ids, image.clip(0, 255).astype(np.uint8)


def save(path, image, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image.astype(np.uint8))
    image.save(path, **kwargs)


def with_palette(ids, colours=PALETTE):
    image = Image.fromarray(ids.astype(np.uint8), mode='P')
    image.putpalette(colours.astype(np.uint8).tobytes())
    return image


def sorted_palette(ids):
    colours = np.unique(PALETTE[ids].reshape(-1, 3), axis=0)
    same = (PALETTE[ids][..., None, :] == colours).all(-1)
    return with_palette(same.argmax(-1), colours)


# what becomes of the ids that a file holds, and how it holds them
GTA_LABELS = {
    '00002': with_palette,
    '00003': sorted_palette,
    '00004': lambda ids: ids,
    '00005': lambda ids: Image.fromarray(ids.astype(np.uint8)).convert('LA'),
    '00006': lambda ids: with_palette(ids).convert('RGB'),
    '00007': lambda ids: with_palette(ids).convert('RGBA'),
    '00008': lambda ids: np.stack([ids] * 3, axis=2),
    '00009': lambda ids: Image.fromarray(
        np.where(ids == PLATE, 65535, ids).astype(np.uint16)
    ),
    '00010': lambda ids: np.where(ids == PLATE, 255, ids),
    '00011': lambda ids: with_palette(0 * ids),
    '15188': lambda ids: with_palette(ids[:-4]),
    '17705': lambda ids: with_palette(np.pad(ids, ((0, 3), (0, 0)))),
    '20801': lambda ids: with_palette(ids[::2, ::2]),
}
GTA_IMAGES = {
    '00012': lambda image: Image.fromarray(image).convert('RGBA'),
    '00013': lambda image: Image.fromarray(image).convert('L'),
    '00014': lambda image: Image.fromarray(image).convert('P'),
    '00015': lambda image: image.astype(np.uint16)[..., 0],
    '15188': lambda image: 0 * image,
    '17705': lambda image: 0 * image + 255,
}


def make_gta(root, rng, count=120):
    names = [f'{i:05}' for i in range(1, count + 1)]
    for name in (*names, '15188', '17705', '20801'):
        ids, image = street(rng)
        label = GTA_LABELS.get(name, with_palette)(ids)
        save(root / f'labels/{name}.png', label)
        image = GTA_IMAGES.get(name, lambda image: image)(image)
        save(root / f'images/{name}.png', image)
    (root / 'labels/00020.png').rename(root / 'labels/20.png')
    for folder in ('images', 'labels'):
        for name in ('._00001.png', '.DS_Store', 'Thumbs.db'):
            (root / folder / name).write_bytes(b'\0\5\x16\7Mac OS X')
        away = root.parent / f'away/{folder}/00021.png'
        away.parent.mkdir(parents=True)
        (root / folder / '00021.png').rename(away)
        (root / folder / '00021.png').symlink_to(away)
    (root / 'labels/labels').symlink_to(root / 'labels')


def make_synthia(root, rng, count=60):
    for i in range(count):
        ids, image = street(rng)
        ids = np.vectorize(SYNTHIA_ID.get)(ids)
        instances = np.arange(ids.size).reshape(ids.shape)
        label = np.stack([0 * ids, instances, ids], axis=2)
        file = root / f'GT/LABELS/{i:07}.png'
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), label.astype(np.uint16))
        kind = 'RGBA' if i % 2 else 'RGB'
        save(root / f'RGB/{i:07}.png', Image.fromarray(image).convert(kind))


def make_cityscapes(root, rng):
    for split, count in dict(train=80, val=20, train_extra=20).items():
        for i in range(count):
            ids, image = street(rng, target=True)
            name = f'ulm/ulm_{i:06}_000019'
            file = root / f'leftImg8bit/{split}/{name}_leftImg8bit.png'
            save(file, image)
            if split != 'train_extra':
                # as licence plates are in signed bytes
                ids = np.where(ids == PLATE, 255, ids)
                stem = f'gtFine/{split}/{name}_gtFine'
                save(root / f'{stem}_labelIds.png', ids)
                save(root / f'{stem}_color.png', PALETTE[ids % 35])
    # made by other tools before, which drew the edges otherwise
    stem = root / 'gtFine/train/ulm/ulm_000003_000019_gtFine_label'
    ids = np.asarray(Image.open(f'{stem}Ids.png'))
    label = np.vectorize(lambda i: CITYSCAPES_TRAIN_IDS.get(i, 255))(ids)
    save(Path(f'{stem}TrainIds.png'), label[[0, *range(HEIGHT - 1)]])


# -- the run -----------------------------------------------------------------
def check_conversion(data, printed):
    """Sizes and oddities of what the converters wrote."""
    files, counts = load_class_counts(data / 'gta')
    assert len(files) == 123
    assert 'labels/00020_labelTrainIds.png' in files
    for file in files:
        image = file.replace('labels', 'images', 1)
        image = image.replace('_labelTrainIds', '')
        with Image.open(data / 'gta' / image) as found:
            assert found.size == (WIDTH, HEIGHT)
        with Image.open(data / 'gta' / file) as label:
            assert label.size == (WIDTH, HEIGHT)
            values = set(np.unique(label).tolist())
        assert values <= {255} | {
            CITYSCAPES_TRAIN_IDS[i] for i in (SKY, ROAD, BUILDING, TREE, CAR)
        }
    notes = json.loads((data / 'gta/conversion_notes.json').read_text())
    assert [note['file'][7:12] for note in notes['other_size']] == [
        '15188', '17705', '20801',
    ]  # fmt: skip
    plain = [Path(note['file']).stem for note in notes['plain_image']]
    assert plain == ['15188', '17705']
    assert [note['file'][7:12] for note in notes['no_class']] == ['00011']
    assert not notes['no_image'] and not notes['unreadable_image']
    assert 'brought to it: 3' in printed
    assert len(load_class_counts(data / 'synthia')[0]) == 60
    assert len(load_class_counts(data / 'cityscapes')[0]) == 80
    notes = json.loads((data / 'cityscapes/conversion_notes.json').read_text())
    (note,) = notes['other_tool']
    assert 'ulm_000003_000019_gtFine' in note['file'] and note['pixels'] > 0


def test_data_as_it_is_public(run, tmp_path, capsys):
    data, work_dir = tmp_path / 'data', tmp_path / 'work'
    rng = np.random.default_rng(0)
    make_gta(data / 'gta', rng)
    make_synthia(data / 'synthia', rng)
    make_cityscapes(data / 'cityscapes', rng)
    for name in ('gta', 'synthia', 'cityscapes'):
        tool = f'dataset_converters/{name}.py'
        run(tool, data / name, '--nproc', 1)
    check_conversion(data, capsys.readouterr().out)

    config = tmp_path / 'public.py'
    config.write_text(CONFIG.format(root=ROOT, data=data, height=HEIGHT))
    options = ['--work-dir', work_dir]
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        run('train.py', config, *options)
    assert (work_dir / 'iter_150.pth').exists()
    run('train.py', config, *options, '--resume')
    # both parts in one file, as one process wrote them
    log = min(work_dir.glob('*/vis_data/scalars.json'))
    steps = [json.loads(line)['step'] for line in log.read_text().splitlines()]
    # it went on from 150, and the last entry is that of the evaluation
    assert steps == [50, 100, 150, 200, 200, 250, 300, 300]
    checkpoint = work_dir / 'iter_300.pth'
    weights = torch.load(checkpoint)['state_dict']
    assert all(v.isfinite().all() for v in weights.values())

    run('test.py', config, checkpoint, '--work-dir', tmp_path / 'test')
    last = capsys.readouterr().out.splitlines()[-1]
    scores = json.loads(Path(last.split()[1]).read_text())
    # of the five classes that there are; 255 is not scored
    assert sorted(k for k in scores if k.startswith('IoU.')) == [
        f'IoU.{c}' for c in ('building', 'car', 'road', 'sky', 'vegetation')
    ]
    assert scores['mIoU'] > 60

    out = tmp_path / 'logit_statistics.pth'
    run(
        'analysis_tools/fit_logit_statistics.py', config, checkpoint,
        '--out', out,
    )  # fmt: skip
    fitted = torch.load(out)
    assert fitted['meta']['classes'][0] == 'road'
    assert all(v.isfinite().all() for v in fitted['state_dict'].values())
