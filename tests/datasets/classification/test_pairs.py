"""Pairs of data sets with a label an image: checks, sampling, few images."""

import numpy as np
import pytest
from mmengine.config import Config
from PIL import Image

from mmseg_balance.datasets import UDADataset
from mmseg_balance.datasets.checks import check_data_configs
from mmseg_balance.datasets.checks.evaluation_set import check_evaluation_set
from mmseg_balance.datasets.sampling.samplers import Draw

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadClassLabel'),
    dict(type='PackUDAInputs'),
]
CLASSES = ('bus', 'car', 'dog')


@pytest.fixture
def folders(tmp_path, write_images):
    """Three classes with 1, 2 and 5 images, and one image each."""
    names = ['bus/0.png', *(f'car/{i}.png' for i in range(2))]
    names += [f'dog/{i}.png' for i in range(5)]
    write_images(tmp_path / 'a', names)
    write_images(tmp_path / 'b', ['bus/x.png', 'car/x.png', 'dog/x.png'])
    return tmp_path


def config(folder, name, pipeline=PIPELINE, **kwargs):
    return dict(
        type='ClassFolderDataset', data_root=str(folder),
        data_prefix=dict(img_path=name), pipeline=pipeline
    ) | kwargs  # fmt: skip


def label(sample):
    return sample['data_samples'].gt_sem_seg.data.item()


def test_pair(folders):
    target = config(folders, 'b', [PIPELINE[0], PIPELINE[2]])
    pairs = UDADataset(source=config(folders, 'a'), target=target)
    assert len(pairs) == 8
    pair = pairs[Draw(7, 3)]
    assert label(pair['source']) == 2
    assert 'gt_sem_seg' not in pair['target']['data_samples']
    assert pairs.metainfo['labels_images']
    # shares of the classes come from the labels, without a file of them
    counts = pairs.domains['source'].class_pixels('a test', 'nowhere')
    assert counts.sum(0).tolist() == [1, 2, 5]


def test_crops_follow_from_the_seed_of_a_draw(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
    for name in ('bus', 'car'):
        (tmp_path / 'a' / name).mkdir(parents=True)
        Image.fromarray(noise).save(tmp_path / 'a' / name / '0.png')
    steps = [
        PIPELINE[0],
        dict(type='RandomResizedCrop', scale=8),
        dict(type='RandomFlip', prob=0.5),
        *PIPELINE[1:],
    ]
    pairs = UDADataset(
        source=config(tmp_path, 'a', steps),
        target=config(tmp_path, 'a', steps),
    )

    def images(seed):
        pair = pairs[Draw(0, seed)]
        return [pair[half]['inputs'].numpy() for half in pair]

    first, again, other = images(5), images(5), images(6)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert (first[0] != other[0]).any() and (first[0] != first[1]).any()
    assert first[0].shape == (3, 8, 8)


@pytest.mark.parametrize('temperature', [None, 0.5])
def test_class_balanced_sampling(folders, temperature):
    pairs = UDADataset(
        source=config(folders, 'a'),
        rare_class_sampling=dict(class_temp=temperature),
    )
    drawn = [label(pairs[Draw(0, s)]['source']) for s in range(300)]
    shares = np.bincount(drawn, minlength=3) / 300
    frequency = np.array([1, 2, 5]) / 8
    expected = np.exp((1 - frequency) / (temperature or np.inf))
    assert shares == pytest.approx(expected / expected.sum(), abs=0.09)


def test_class_balanced_dataset(folders):
    source = dict(
        type='ClassBalancedDataset', oversample_thr=0.5,
        dataset=config(folders, 'a')
    )  # fmt: skip
    pairs = UDADataset(source=source)
    labels = [label(pairs[i]['source']) for i in range(len(pairs))]
    assert np.bincount(labels).tolist() == [2, 4, 5]


def test_several_sources_and_few_targets(folders):
    target = config(folders, 'a', [PIPELINE[0], PIPELINE[2]])
    pairs = UDADataset(
        source=[config(folders, 'a'), config(folders, 'b')],
        target=target, few_shot=2, source_weights=[1e-9, 1],
    )  # fmt: skip
    assert len(pairs) == 11 and len(pairs.target) == 2
    sample = pairs[Draw(0, 0)]['source']['data_samples']
    assert 'b/' in sample.img_path


def test_label_classes(folders):
    source = config(folders, 'a', label_classes=('vehicle', 'vehicle', 'dog'))
    source['metainfo'] = dict(classes=('dog', 'vehicle'))
    pairs = UDADataset(source=source)
    assert [label(pairs[i]['source']) for i in range(8)] == [1] * 3 + [0] * 5
    source['label_classes'] = ('vehicle', None, 'dog')
    assert len(UDADataset(source=source)) == 6


def test_a_class_without_images(folders, write_images):
    (folders / 'b/car/x.png').unlink()
    source = config(folders, 'b', metainfo=dict(classes=CLASSES))
    with pytest.raises(ValueError, match="1 of 3 classes have no image in .*"
                       "b: 'car'"):  # fmt: skip
        UDADataset(source=source)
    pairs = UDADataset(source=source | dict(lacks_classes=True))
    assert len(pairs) == 2
    # a training does not know what a target shows
    pairs = UDADataset(source=config(folders, 'a'), target=source)
    assert len(pairs.target) == 2


def test_an_image_that_cannot_be_read(folders):
    (folders / 'a/bus/0.png').write_bytes(b'')
    with pytest.raises(OSError, match='bus/0.png cannot be read.*it is empty'):
        UDADataset(source=config(folders, 'a'))
    pairs = UDADataset(source=config(folders, 'a'), on_bad_image='skip')
    assert label(pairs[Draw(0, 1)]['source']) in (0, 1, 2)


def test_a_list_with_a_missing_file(folders):
    (folders / 'list.txt').write_text('a/bus/0.png 0\nb/car/no.png 1\n')
    source = dict(
        type='ImageListDataset', data_root=str(folders), ann_file='list.txt',
        metainfo=dict(classes=CLASSES[:2]), pipeline=PIPELINE
    )  # fmt: skip
    with pytest.raises(FileNotFoundError, match=r"1 of the 2 images that .*"
                       r"list.txt names are not there: '.*b/car/no.png'\. "
                       'Paths in the list are relative to'):  # fmt: skip
        UDADataset(source=source)
    (folders / 'list.txt').write_text('a/bus/0.png\nb/car/x.png\n')
    with pytest.raises(ValueError, match='2 of 2 images have no class'):
        UDADataset(source=source)


def test_evaluation(folders):
    from mmseg.registry import DATASETS

    check_evaluation_set(DATASETS.build(config(folders, 'b')), 'val')
    dataset = DATASETS.build(
        config(folders, 'b', metainfo=dict(classes=(*CLASSES, 'eel')))
    )
    with pytest.raises(ValueError, match='val: 1 of 4 classes have no image'):
        check_evaluation_set(dataset, 'val')


def test_transforms_that_load_other_labels(folders):
    def build(*steps, **keys):
        steps = [PIPELINE[0], *(dict(type=step) for step in steps)]
        UDADataset(source=config(folders, 'a', steps, **keys))

    with pytest.raises(ValueError, match="put dict.type='LoadClassLabel'. ri"):
        build('PackUDAInputs')
    with pytest.raises(ValueError, match='has LoadAnnotations, and the labels '
                       'of ClassFolderDataset are one an image'):  # fmt: skip
        build('LoadAnnotations', 'PackUDAInputs')
    with pytest.raises(ValueError, match='has LoadClassLabel, and the labels '
                       'of FolderDataset are one a pixel'):  # fmt: skip
        build('LoadClassLabel', 'PackUDAInputs', type='FolderDataset',
              metainfo=dict(classes=CLASSES))  # fmt: skip


@pytest.mark.parametrize('kind', ['Resize', 'CenterCrop'])
def test_transforms_that_would_resize_a_label(folders, kind):
    size = dict(scale=(8, 8)) if kind == 'Resize' else dict(crop_size=(8, 8))
    pipeline = [
        *PIPELINE[:2], dict(type=kind, **size), PIPELINE[2]
    ]  # fmt: skip
    expected = f'source.pipeline has {kind} behind LoadClassLabel, .*in front'
    with pytest.raises(ValueError, match=expected):
        UDADataset(source=config(folders, 'a', pipeline))


def test_a_crop_that_is_named(folders):
    crop = dict(type='RandomResizedCrop', scale=8)
    dataset = UDADataset(
        source=config(folders, 'a', [PIPELINE[0], crop, *PIPELINE[1:]]),
        rare_class_sampling=dict(
            class_temp=None, split_before='RandomResizedCrop'
        ),
    )
    assert dataset[Draw(0, 0)]['source']['inputs'].shape == (3, 8, 8)


def test_labels_from_0_alone(folders):
    with pytest.raises(ValueError, match='ClassFolderDataset: reduce_zero'):
        UDADataset(source=config(folders, 'a', reduce_zero_label=True))


def test_no_images(folders, write_images):
    for name in ('bus', 'car'):
        (folders / 'c' / name).mkdir(parents=True)
    with pytest.raises(ValueError, match='there is no image in .*/c of the cl'
                       'asses bus, car whose name ends with'):  # fmt: skip
        UDADataset(source=config(folders, 'c'))
    source = config(folders, '') | dict(data_root=None)
    with pytest.raises(ValueError, match='no folder of classes is given'):
        UDADataset(source=source)


def test_folders_that_are_missing(folders):
    def check(**dataset):
        loader = dict(dataset=dict(dataset, pipeline=PIPELINE))
        check_data_configs(Config(dict(test_dataloader=loader)))

    root = str(folders)
    check(**config(folders, 'a'))
    with pytest.raises(FileNotFoundError, match='folder .*/c does not exist'):
        check(**config(folders, 'c'))
    with pytest.raises(FileNotFoundError, match='data_root: the folder .*'
                       'validation does not exist. Download'):  # fmt: skip
        check(type='VisDA2017Dataset', data_root=root, split='validation')
    with pytest.raises(FileNotFoundError, match='data_root: the folder .*Art '
                       'does not exist. Download Office-Home'):  # fmt: skip
        check(type='OfficeHomeDataset', data_root=root, domain='Ar')
