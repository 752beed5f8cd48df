"""The three pairs of folders, as the configs read them."""

import numpy as np
import pytest
from helpers.paths import ROOT
from helpers.reference import SHARED
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS

import mmseg_balance  # noqa: F401

# config of each, images for training, and shares of the source's classes in
# percent as its data set's README gives them
PAIRS = {
    'camvid2iddlite': (
        'camvid2iddlite-192x192',
        (406, 1403, 204),
        (34.0, 5.7, 1.4, 4.5, 3.8, 35.4, 15.1),
    ),
    'carrots_rgb2nir': (
        'carrots-rgb2nir-256x256',
        (192, 234, 126),
        (85.1, 8.8, 6.1),
    ),
    'wbc_tecom2cellavision': (
        'wbc-tecom2cellavision-96x96',
        (240, 60, 40),
        (69.0, 18.7, 12.3),
    ),
}
SIZES = {'wbc_tecom2cellavision': (120, 120)}


@pytest.fixture(autouse=True)
def _scope():
    init_default_scope('mmseg')


@pytest.fixture
def config(request):
    """DACS on the pair, with the data where it lies."""
    folder = SHARED / 'data' / request.param
    if not folder.is_dir():
        pytest.skip(f'{folder} is not there')
    name = PAIRS[request.param][0]
    cfg = Config.fromfile(ROOT / f'configs/dacs/dacs_lite0_2k_{name}.py')
    dataset = cfg.train_dataloader.dataset
    for part in (dataset.source, dataset.target, cfg.val_dataloader.dataset):
        assert part.data_root == f'data/{request.param}'
        part.data_root = str(folder)
    return request.param, cfg


@pytest.mark.parametrize('config', PAIRS, indirect=True)
def test_images_labels_and_crops(config):
    name, cfg = config
    _, numbers, _ = PAIRS[name]
    train = DATASETS.build(cfg.train_dataloader.dataset)
    val = DATASETS.build(cfg.val_dataloader.dataset)
    assert (len(train.source), len(train.target), len(val)) == numbers
    crop = cfg.model.segmentor.data_preprocessor['size']
    for i in (0, len(train) - 1):
        sample = train[i]
        for part in ('source', 'target'):
            height, width = sample[part]['inputs'].shape[-2:]
            # the smallest cells are smaller, and padded
            assert 88 <= height <= crop[0] and 88 <= width <= crop[1]
        assert 'gt_sem_seg' not in sample['target']['data_samples']
    sample = val[0]
    if name in SIZES:  # tested at the source's scale, scored at its own
        assert sample['inputs'].shape[-2:] == SIZES[name]
        label = sample['data_samples'].gt_sem_seg.data
        assert label.shape[-2:] == (300, 300)


@pytest.mark.parametrize('config', PAIRS, indirect=True)
def test_shares_of_the_source(config):
    name, cfg = config
    shares = PAIRS[name][2]
    part = cfg.train_dataloader.dataset.source
    part.pipeline = [
        dict(type='LoadImageFromFile'),
        dict(type='LoadAnnotations'),
    ]
    dataset = DATASETS.build(part)
    assert len(dataset.metainfo['classes']) == len(shares)
    step = 1 if len(dataset) < 300 else 4
    counts = np.zeros(256)
    for i in range(0, len(dataset), step):
        counts += np.bincount(dataset[i]['gt_seg_map'].ravel(), minlength=256)
    assert counts[len(shares) : 255].sum() == 0
    found = 100 * counts[: len(shares)] / counts[: len(shares)].sum()
    # rounded in the README; of a quarter of the images where there are many
    np.testing.assert_allclose(found, shares, atol=0.06 if step == 1 else 1.0)
