"""Label files against their images and classes, before the first iteration."""

import cv2
import numpy as np
import pytest
from mmcv.transforms import BaseTransform
from mmseg.datasets import BaseSegDataset
from mmseg.datasets.transforms import LoadAnnotations
from mmseg.registry import DATASETS, TRANSFORMS
from PIL import Image

from mmseg_balance.datasets import UDADataset
from mmseg_balance.datasets.checks import check_evaluation_set
from mmseg_balance.datasets.checks.labels import check_label_values
from mmseg_balance.datasets.loading.bad_files import UnreadableFileError
from mmseg_balance.datasets.loading.split_pipeline import SplitPipeline

CLASSES = ('road', 'car', 'sky')
KEY = 'val_dataloader.dataset'
LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
# the order of most test pipelines: the label keeps its own size
TEST = [LOAD[0], dict(type='Resize', scale=(4, 2)), LOAD[1]]
CROP = [*LOAD, dict(type='RandomCrop', crop_size=(4, 4))]


@TRANSFORMS.register_module()
class LoadHundredsAnnotations(LoadAnnotations):
    """Class ids in the hundreds of the stored values."""

    def _load_seg_map(self, results):
        label = cv2.imread(results['seg_map_path'], cv2.IMREAD_UNCHANGED)
        results['gt_seg_map'] = (label // 100).astype(np.uint8)


@TRANSFORMS.register_module()
class LoadPlainImage(BaseTransform):
    """Loads the image and says nothing about its size."""

    def transform(self, results):
        results['img'] = cv2.imread(results['img_path'])
        return results


def save(path, array, **kwargs):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **kwargs)


def label(value=1, size=(6, 8), dtype=np.uint8):
    return np.full(size, value, dtype)


def make_files(root, count=3, size=(6, 8)):
    for i in range(count):
        save(root / f'images/{i:03}.png', label(90, (*size, 3)))
        save(root / f'labels/{i:03}.png', label(size=size))


def config(root, pipeline=TEST, **kwargs):
    settings = dict(
        type='BaseSegDataset',
        data_root=str(root),
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        img_suffix='.png',
        metainfo=dict(classes=CLASSES),
        serialize_data=False,
        pipeline=pipeline,
    )
    return {**settings, **kwargs}


def build(root, pipeline=TEST, **kwargs):
    return DATASETS.build(config(root, pipeline, **kwargs))


# -- reading -----------------------------------------------------------------
@pytest.mark.parametrize('of_data', [True, False])
def test_reduce_zero_label_of_data_set_and_pipeline(tmp_path, of_data):
    make_files(tmp_path)
    load = [LOAD[0], dict(LOAD[1], reduce_zero_label=not of_data)]
    dataset = build(tmp_path, load, reduce_zero_label=of_data)
    with pytest.raises(OSError) as error:
        check_label_values(SplitPipeline(dataset, 'val'))
    message = str(error.value)
    # mmseg's own words name both settings
    assert f'dataset with `reduce_zero_label` as {of_data} but' in message
    assert f'annotation the `reduce_zero_label` is {not of_data}' in message
    assert 'see to the keys of LoadAnnotations' in message
    assert 'replace the file' not in message
    load[1]['reduce_zero_label'] = of_data
    build(tmp_path, load, reduce_zero_label=of_data)


@pytest.mark.parametrize('whole', [True, False])
def test_files_are_blamed_for_what_is_theirs_alone(tmp_path, whole):
    make_files(tmp_path)
    pipeline = [dict(LOAD[0], imdecode_backend='turbojpeg'), LOAD[1]]
    file = tmp_path / 'images/001.png'
    if not whole:
        pipeline = LOAD
        file.write_bytes(file.read_bytes()[:50])
    part = SplitPipeline(build(tmp_path, pipeline), 'val')
    with pytest.raises(OSError, match=f'val image {file} cannot be') as error:
        part.load(1)
    assert ('replace the file' in str(error.value)) == (not whole)
    assert ('see to the keys of LoadImageFromFile' in str(error.value)) == (
        whole
    )


# -- sizes -------------------------------------------------------------------
SIZES = (
    r'val label \S*labels/{0}.png has 16 x 12 pixels, and its image '
    r'\S*images/{0}.png 8 x 6 \(width x height\)'
)


@pytest.mark.parametrize(
    'pipeline', [LOAD, CROP, TEST, [*LOAD, TEST[1]], LOAD[::-1]]
)
def test_size_of_a_label_at_each_load(tmp_path, pipeline):
    make_files(tmp_path)
    save(tmp_path / 'labels/001.png', label(size=(12, 16)))
    part = SplitPipeline(build(tmp_path, pipeline), 'val')
    assert part.load(0)['gt_seg_map'].ndim == 2
    with pytest.raises(ValueError, match=SIZES.format('001')):
        part.load(1)


def test_size_without_word_of_the_image_loader(tmp_path):
    make_files(tmp_path)
    save(tmp_path / 'labels/001.png', label(size=(12, 16)))
    pipeline = [dict(type='LoadPlainImage'), LOAD[1]]
    part = SplitPipeline(build(tmp_path, pipeline), 'val')
    assert part.load(0)['img'].shape == (6, 8, 3)
    with pytest.raises(ValueError, match=SIZES.format('001')):
        part.load(1)


def test_size_of_a_label_turned_by_90_degrees(tmp_path):
    make_files(tmp_path)
    save(tmp_path / 'labels/001.png', label(size=(8, 6)))
    part = SplitPipeline(build(tmp_path), 'val')
    with pytest.raises(ValueError, match='has 6 x 8 pixels, .* 8 x 6'):
        part.load(1)


def test_sizes_at_the_start(tmp_path):
    make_files(tmp_path, 3)
    save(tmp_path / 'labels/002.png', label(size=(12, 16)))
    source = config(tmp_path, [*CROP, dict(type='PackSegInputs')])
    message = SIZES.format('002').replace('val', 'source')
    with pytest.raises(ValueError, match=message):
        UDADataset(source, source)


def test_images_are_looked_at_and_not_decoded_at_the_start(tmp_path):
    make_files(tmp_path)
    part = SplitPipeline(build(tmp_path), 'val')
    loaded = []
    part.image_loader.transform = loaded.append
    check_label_values(part)
    assert loaded == []


@pytest.mark.parametrize('with_labels', [True, False])
@pytest.mark.parametrize(
    'length, reason', [(40, 'replace'), (0, 'it is empt')]
)
def test_image_cut_short_is_found_at_the_start(
    tmp_path, with_labels, length, reason
):
    make_files(tmp_path)
    path = tmp_path / 'images/001.png'
    # the header of a PNG file ends at byte 33
    path.write_bytes(path.read_bytes()[:length])
    dataset = build(tmp_path, LOAD if with_labels else LOAD[:1])
    message = f'{KEY} image {path} cannot be read .*; {reason}'
    with pytest.raises(UnreadableFileError, match=message):
        check_evaluation_set(dataset, KEY)


def test_image_turned_by_its_camera_fits_the_upright_label(tmp_path):
    make_files(tmp_path, 1)
    exif = Image.Exif()
    exif[0x0112] = 6
    save(tmp_path / 'images/000.jpg', label(90, (8, 6, 3)), exif=exif)
    part = SplitPipeline(build(tmp_path, img_suffix='.jpg'), 'val')
    assert part.load(0)['gt_seg_map'].shape == (6, 8)
    check_label_values(part)


# -- labels of more than 8 bits ----------------------------------------------
@pytest.mark.parametrize(
    ('dtype', 'suffix', 'value', 'taken'),
    [
        (np.uint16, '.png', 257, 1),
        (np.int32, '.tif', 65791, 255),
        (np.int32, '.tif', -1, 255),
    ],
)
def test_values_that_8_bits_cannot_hold(tmp_path, dtype, suffix, value, taken):
    make_files(tmp_path)
    wide = label(dtype=dtype)
    wide[2, 3] = value
    for i in range(3):
        save(tmp_path / f'labels/00{i}{suffix}', wide if i == 1 else label())
    part = SplitPipeline(build(tmp_path, seg_map_suffix=suffix), 'val')
    # mmseg loads it without a word
    assert taken in part.load(1)['gt_seg_map']
    with pytest.raises(
        ValueError,
        match=rf'val label \S*labels/001{suffix} has the value {value} .* '
        f'would take {value} for {taken}; write class ids as 8-bit images',
    ):
        check_label_values(part)


@pytest.mark.parametrize('reduce_zero_label', [False, True])
def test_wide_labels_of_small_values_are_taken(tmp_path, reduce_zero_label):
    make_files(tmp_path)
    wide = label(3 if reduce_zero_label else 2, dtype=np.uint16)
    wide[0] = 255
    for i in range(3):
        save(tmp_path / f'labels/{i:03}.png', wide)
    dataset = build(tmp_path, reduce_zero_label=reduce_zero_label)
    part = SplitPipeline(dataset, 'val')
    check_label_values(part)
    assert part.count_label(0).tolist() == [0, 0, 5 * 8]


def test_wide_labels_with_a_loader_of_their_own_are_taken(tmp_path):
    make_files(tmp_path)
    for i in range(3):
        save(tmp_path / f'labels/{i:03}.png', label(257, dtype=np.uint16))
    loader = dict(type='LoadHundredsAnnotations')
    part = SplitPipeline(build(tmp_path, [LOAD[0], loader]), 'val')
    check_label_values(part)
    assert part.count_label(1).tolist() == [0, 0, 48]


def test_counts_without_ignored_pixels(tmp_path):
    make_files(tmp_path)
    mixed = np.array([[0, 0, 1], [2, 2, 2]], np.uint8)
    save(tmp_path / 'labels/000.png', mixed)
    part = SplitPipeline(build(tmp_path, ignore_index=1), 'val')
    assert part.count_label(0).tolist() == [2, 0, 3]


# -- data sets for evaluation ------------------------------------------------
def test_evaluation_set_that_is_sound(tmp_path):
    make_files(tmp_path, 500)
    check_evaluation_set(build(tmp_path, test_mode=True), KEY)


def test_evaluation_set_with_a_wrong_value(tmp_path):
    make_files(tmp_path)
    save(tmp_path / 'labels/002.png', label(18))
    dataset = build(tmp_path)
    with pytest.raises(
        ValueError, match=f'^{KEY} label .*/002.png has the value 18 in 48'
    ):
        check_evaluation_set(dataset, KEY)


def test_evaluation_set_with_a_missing_label(tmp_path):
    make_files(tmp_path)
    dataset = build(tmp_path)
    (tmp_path / 'labels/001.png').unlink()
    with pytest.raises(
        FileNotFoundError, match=f'^{KEY}: 1 of 3 images have no label: .*001'
    ):
        check_evaluation_set(dataset, KEY)


def test_labels_that_are_taken_for_images(tmp_path):
    for name in ('0', '1'):
        save(tmp_path / f'{name}.png', np.zeros((8, 8, 3), np.uint8))
        save(tmp_path / f'{name}_id.png', label())
    dataset = build(
        tmp_path,
        data_prefix=dict(img_path='', seg_map_path=''),
        img_suffix='.png',
        seg_map_suffix='_id.png',
    )
    words = "2 of 4 images .*end with '_id.png' .*set img_suffix"
    with pytest.raises(FileNotFoundError, match=words):
        check_evaluation_set(dataset, KEY)
    (tmp_path / '1_id.png').unlink()
    (tmp_path / '0_id.png').unlink()
    with pytest.raises(FileNotFoundError) as error:
        check_evaluation_set(dataset, KEY)
    assert 'set img_suffix' not in str(error.value)


def test_evaluation_set_with_a_wrong_size(tmp_path):
    make_files(tmp_path)
    save(tmp_path / 'labels/000.png', label(size=(12, 16)))
    message = SIZES.format('000').replace('val', KEY)
    with pytest.raises(ValueError, match=message):
        check_evaluation_set(build(tmp_path), KEY)


def test_evaluation_set_without_images(tmp_path):
    make_files(tmp_path)
    dataset = build(tmp_path, img_suffix='.jpg')
    assert len(dataset) == 0
    with pytest.raises(
        FileNotFoundError, match=f'^{KEY}.data_prefix.img_path: .* no image'
    ):
        check_evaluation_set(dataset, KEY)


def test_evaluation_set_without_classes(tmp_path):
    make_files(tmp_path)
    with pytest.raises(
        ValueError,
        match=f'^{KEY} .BaseSegDataset. names no classes; set {KEY}',
    ):
        check_evaluation_set(build(tmp_path, metainfo=None), KEY)
    # mmseg trains without their names
    dataset = build(tmp_path, metainfo=None)
    check_evaluation_set(dataset, KEY, needs_classes=False)


def test_evaluation_set_that_was_built_lazily(tmp_path):
    make_files(tmp_path)
    dataset = build(tmp_path, lazy_init=True)
    save(tmp_path / 'labels/000.png', label(7))
    with pytest.raises(ValueError, match='000.png has the value 7'):
        check_evaluation_set(dataset, KEY)


@pytest.mark.parametrize(
    ('wrapper', 'key'),
    [
        (dict(type='ConcatDataset'), f'{KEY}.datasets[1]'),
        (dict(type='RepeatDataset', times=2), f'{KEY}.dataset'),
    ],
)
def test_evaluation_set_inside_others(tmp_path, wrapper, key):
    for name in 'ab':
        make_files(tmp_path / name)
    save(tmp_path / 'b/labels/000.png', label(7))
    children = [config(tmp_path / name) for name in 'ab']
    if wrapper['type'] == 'ConcatDataset':
        inner = dict(datasets=children)
    else:
        inner = dict(dataset=children[1])
    dataset = DATASETS.build({**wrapper, **inner})
    with pytest.raises(ValueError) as error:
        check_evaluation_set(dataset, KEY)
    assert str(error.value).startswith(f'{key} label {tmp_path}/b/labels/000')


def test_evaluation_sets_without_labels_are_left_alone(tmp_path):
    make_files(tmp_path)
    (tmp_path / 'labels').rename(tmp_path / 'gone')
    check_evaluation_set(build(tmp_path, LOAD[:1]), KEY)
    check_evaluation_set([1, 2, 3], KEY)
    with pytest.raises(FileNotFoundError, match='data_prefix.seg_map_path'):
        check_evaluation_set(build(tmp_path), KEY)


def test_evaluation_set_keeps_label_map(tmp_path):
    class Streets(BaseSegDataset):
        METAINFO = dict(classes=CLASSES, palette=[[0] * 3] * 3)

    make_files(tmp_path)
    save(tmp_path / 'labels/002.png', label(2))
    settings = config(tmp_path, metainfo=dict(classes=('sky', 'road')))
    settings.pop('type')
    dataset = Streets(**settings)
    check_evaluation_set(dataset, KEY)
    part = SplitPipeline(dataset, KEY)
    # cars are left out, sky is class 0
    assert part.count_label(1).tolist() == [0, 0]
    assert part.count_label(2).tolist() == [48, 0]
