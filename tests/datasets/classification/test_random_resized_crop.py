"""Resizing and cropping against public numbers: Pillow's, torchvision's."""

import numpy as np
import pytest
import torch
from helpers.paths import ROOT
from helpers.reference import reference, whole_files
from mmcv.transforms import Compose, Resize
from mmengine.config import Config
from mmseg.registry import TRANSFORMS

from mmseg_balance.datasets import RandomResizedCrop

CONFIGS = ROOT / 'configs/_base_/datasets'
NAME = 'classification/transforms'
FILES = (NAME, *whole_files(NAME))
MEAN = np.array([123.675, 116.28, 103.53], dtype=np.float32)
STD = np.array([58.395, 57.12, 57.375], dtype=np.float32)


def pipeline(config, key):
    """Transforms of a config that change an image."""
    kinds = ('Load', 'Pack', 'RandomFlip')
    steps = Config.fromfile(CONFIGS / f'{config}.py')[key]
    return Compose([
        TRANSFORMS.build(step) for step in steps
        if not step.type.startswith(kinds)
    ])  # fmt: skip


def run(transform, image):
    """Run a transform on an RGB image, which pipelines have as BGR."""
    image = np.ascontiguousarray(image[..., ::-1])
    return transform(dict(img=image))['img'][..., ::-1]


def normalised(image):
    """As a model is given it, (3, H, W)."""
    return ((image.astype(np.float32) - MEAN) / STD).transpose(2, 0, 1)


@pytest.fixture(params=FILES)
def numbers(request):
    return {k: np.asarray(v) for k, v in reference(request.param).items()}


def test_square_resize(numbers):
    image = numbers['image'].astype(np.uint8)
    config = Config.fromfile(CONFIGS / 'visda2017.py').resize
    for size, name in (
        ((24, 24), 'resize_square_24'),
        # a pair is (width, height)
        ((20, 30), 'resize_pair_20_30'),
    ):
        resize = TRANSFORMS.build(config | dict(scale=size))
        assert (run(resize, image) == numbers[name]).all()
    resize = TRANSFORMS.build(config)
    found = run(resize, image)[::8, ::8]
    assert (found == numbers['resize256_stride8']).all()
    # what MMSegmentation resizes with by default
    other = run(Resize(scale=(24, 24)), image).astype(int)
    assert np.abs(other - numbers['resize_square_24']).max() > 10


def test_visda_takes_the_middle(numbers):
    image = numbers['image'].astype(np.uint8)
    for key in ('source_pipeline', 'target_pipeline', 'test_pipeline'):
        found = normalised(run(pipeline('visda2017', key), image))
        assert found.shape == (3, 224, 224)
        assert found[:, ::8, ::8] == pytest.approx(
            numbers['val_default_stride8'], abs=1e-5
        )
        assert found[:, 0] == pytest.approx(
            numbers['val_default_row0'], abs=1e-5
        )
    flipped = found[:, 0, ::-1]
    assert flipped == pytest.approx(
        numbers['train_cencrop_flipped_row0'], abs=1e-5
    )


def test_office_home_takes_a_random_part(numbers):
    image = numbers['image'].astype(np.uint8)
    train = pipeline('office-home_ar2cl', 'source_pipeline')
    seed = int(numbers['train_default_seed'])
    torch.manual_seed(seed)
    found = normalised(run(train, image))
    for part, name in (
        (found[:, ::8, ::8], 'stride8'),
        (found[:, 0], 'row0'),
        (found[:, 111], 'row111'),
        (found[:, :, 223], 'col223'),
        (found.mean((1, 2), dtype=float), 'mean'),
        (found.std((1, 2), dtype=float, ddof=1), 'std'),
    ):
        expected = numbers[f'train_default_{name}']
        assert part == pytest.approx(expected, abs=2e-5)
    torch.manual_seed(seed)
    drawn = RandomResizedCrop(scale=224).draw(256, 256)
    assert drawn == tuple(numbers['train_default_crop_top_left_h_w'])


@pytest.mark.parametrize('height, width', [(40, 40), (10, 90), (90, 10)])
def test_parts_lie_in_the_image(height, width):
    crop = RandomResizedCrop(8, (0.2, 0.9), (0.5, 2.0))
    for _ in range(30):
        top, left, h, w = crop.draw(height, width)
        assert 0 <= top <= height - h and 0 <= left <= width - w
        assert min(h, w) > 0


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(scale=0), '`scale` of RandomResizedCrop to be a whole number'),
        (dict(scale=8, crop_ratio_range=(0.5, 1.5)), 'above 0 and up to 1'),
        (dict(scale=8, aspect_ratio_range=(2, 1)), 'the smaller one first'),
    ],
)
def test_ranges_that_are_none(kwargs, message):
    with pytest.raises(ValueError, match=message):
        RandomResizedCrop(**kwargs)


def test_labels_of_pixels_are_refused():
    results = dict(img=np.zeros((9, 9, 3), np.uint8))
    results['gt_seg_map'] = results['img'][..., 0]
    with pytest.raises(ValueError, match='put LoadClassLabel behind it'):
        RandomResizedCrop(scale=8).transform(results)
