"""Segments of SYNTHIA and Cityscapes against those of public code."""

import json
import re
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers.paths import ROOT
from helpers.png_files import png_of_16_bits
from helpers.reference import reference
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS
from PIL import Image

import mmseg_balance  # noqa: F401
from mmseg_balance.datasets.conversion.panoptic import convert_segments

TOOLS = ROOT / 'tools/dataset_converters'
CITYSCAPES_FILES = ('prep_cityscapes_trainid', 'prep_cityscapes_val')
GT = 'gtFine_panoptic/cityscapes_panoptic_'


def convert(name, *args):
    main = runpy.run_path(str(TOOLS / f'{name}.py'))['main']
    # processes of their own take a second to start
    main([str(arg) for arg in ('--nproc', 1, '--panoptic', *args)])


def vector(name):
    return {key: np.asarray(value) for key, value in reference(name).items()}


def save(path, image):
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(image, bytes):
        path.write_bytes(image)
    else:
        Image.fromarray(image).save(path)


def synthia(root, classes, instances, writer='red and green'):
    """A data set of one image, whose label one of several libraries wrote."""
    file = root / 'GT/LABELS/0000000.png'
    channels = np.stack([classes, instances, 0 * classes], axis=2)
    if writer == 'opencv':
        file.parent.mkdir(parents=True)
        cv2.imwrite(str(file), channels[..., ::-1].astype(np.uint16))
    elif writer == 'red and green':
        save(file, png_of_16_bits(channels))
    else:
        save(file, png_of_16_bits(channels[..., :2]))
    image = np.zeros((*classes.shape, 3), np.uint8)
    image[::2, ::2] = np.arange(3)
    save(root / 'RGB/0000000.png', image)


def cityscapes(root, split, instance_ids, stem='city_000000_000001'):
    """A split of one image, with all files that the public set has of it."""
    city = stem.split('_')[0]
    label = f'{root}/gtFine/{split}/{city}/{stem}_gtFine'
    ids = instance_ids.astype(np.uint16)
    save(Path(f'{label}_instanceIds.png'), ids)
    # a licence plate, -1, is cut to the bits that there are
    classes = np.where((ids < 1000) | (ids == 65535), ids, ids // 1000)
    save(Path(f'{label}_labelIds.png'), classes.astype(np.uint8))
    image = f'leftImg8bit/{split}/{city}/{stem}_leftImg8bit.png'
    colours = np.random.default_rng(0).integers(0, 255, (*ids.shape, 3))
    save(root / image, colours.astype(np.uint8))


def written(root, list_file, png_dir):
    """The one annotation of a JSON file, the ids of its PNG, and the rest."""
    content = json.loads((root / list_file).read_text())
    (annotation,) = content['annotations']
    with Image.open(root / png_dir / annotation['file_name']) as image:
        assert image.mode == 'RGB'
        return annotation, np.asarray(image), content


def check_segments(annotation, colours, expected):
    np.testing.assert_array_equal(colours, expected['panoptic_png'])
    ids = colours.astype(int) @ [1, 256, 65536]
    np.testing.assert_array_equal(ids, expected['panoptic_id'])
    for key, name in dict(
        id='id', category='category_id', area='area', bbox='bbox',
        iscrowd='iscrowd',
    ).items():  # fmt: skip
        found = [segment[name] for segment in annotation['segments_info']]
        np.testing.assert_array_equal(found, expected[f'seg_{key}'])
    image_id, file_name = expected['json_annotation'].tolist()
    assert annotation['image_id'] == image_id
    # with the folder of the city, where the PNG lies
    assert Path(annotation['file_name']).name == file_name


def step(printed, kind):
    """What a data set reads with the settings that a command printed."""
    lines = printed.partition('panoptic data sets read\n')[2]
    lines = re.sub('#.*', '', lines)
    settings = []
    for text in lines.split('data_root=')[1:]:
        init_default_scope('mmseg')
        dataset = DATASETS.build(
            dict(
                type=kind,
                pipeline=[
                    dict(type='LoadImageFromFile'),
                    dict(type='LoadPanopticAnnotations'),
                ],
                **eval(f'dict(data_root={text})'),
            )
        )
        settings.append((dataset, dataset[0]))
    return settings


# -- SYNTHIA -----------------------------------------------------------------
@pytest.mark.parametrize(
    'writer', ['opencv', 'red and green', 'grey and alpha']
)
def test_synthia_against_public_code(tmp_path, capsys, writer):
    expected = vector('panoptic/prep_synthia_a')
    channels = expected['label_png_ch0'], expected['label_png_ch1']
    synthia(tmp_path, *channels, writer)
    convert('synthia', tmp_path)
    annotation, colours, content = written(
        tmp_path, 'GT/panoptic.json', 'GT/panoptic'
    )
    check_segments(annotation, colours, expected)
    keys = set(expected['json_top_level_keys'].tolist())
    assert keys <= set(content) == keys | {'categories'}
    height, width = channels[0].shape
    assert content['images'] == [
        dict(id='0000000', width=width, height=height, file_name='0000000.png')
    ]
    # as the labels without segments
    with Image.open(tmp_path / 'GT/LABELS/0000000_labelTrainIds.png') as image:
        label = np.asarray(image)
    ((dataset, sample),) = step(
        capsys.readouterr().out, 'SYNTHIAPanopticDataset'
    )
    np.testing.assert_array_equal(sample['gt_seg_map'], label)
    np.testing.assert_array_equal(
        dataset.class_pixels()[0], [(label == c).sum() for c in range(19)]
    )


def test_an_image_of_void_has_no_segments(tmp_path):
    synthia(tmp_path, np.zeros((4, 6), int), np.full((4, 6), 3))
    convert('synthia', tmp_path)
    annotation, colours, _ = written(
        tmp_path, 'GT/panoptic.json', 'GT/panoptic'
    )
    assert annotation['segments_info'] == [] and not colours.any()


def test_more_objects_than_ids(tmp_path):
    numbers = np.arange(1002).reshape(1, -1)
    synthia(tmp_path, np.full((1, 1002), 8), numbers)
    with pytest.raises(SystemExit, match='1002 objects of class 26 in one im'):
        convert('synthia', tmp_path)


# -- Cityscapes --------------------------------------------------------------
def test_cityscapes_against_public_code(tmp_path, capsys):
    train, val = (vector(f'panoptic/{name}') for name in CITYSCAPES_FILES)
    cityscapes(tmp_path, 'train', train['instance_ids'])
    cityscapes(tmp_path, 'val', val['instance_ids'])
    convert('cityscapes', tmp_path)
    for split, suffix, expected in (
        ('train', '_trainId', train),
        ('val', '', val),
    ):
        annotation, colours, content = written(
            tmp_path, f'{GT}{split}{suffix}.json', f'gtFine_panoptic/{split}'
        )
        check_segments(annotation, colours, expected)
        for key in ('id', 'name', 'isthing'):
            found = [entry[key] for entry in content['categories']]
            assert found == expected[f'category_{key}'].tolist()
        (image,) = content['images']
        file = tmp_path / 'leftImg8bit' / split / image['file_name']
        assert Image.open(file).size == (image['width'], image['height'])
    # crowds are ignored as void is, other pixels are those of the labels
    read = step(capsys.readouterr().out, 'CityscapesPanopticDataset')
    assert [Path(dataset.ann_file).name for dataset, _ in read] == [
        f'cityscapes_panoptic_{split}_trainId.json'
        for split in ('train', 'val')
    ]
    for (_, sample), split, expected in zip(
        read, ('train', 'val'), (train, val), strict=True
    ):
        label = f'gtFine/{split}/city/city_000000_000001_gtFine'
        with Image.open(tmp_path / f'{label}_labelTrainIds.png') as image:
            label = np.array(image)
        label[np.isin(expected['instance_ids'], [24, 26])] = 255
        np.testing.assert_array_equal(sample['gt_seg_map'], label)


@pytest.fixture
def one_each(tmp_path):
    """Both splits with a small street of two cars."""
    ids = np.full((6, 8), 7)
    ids[:2] = 23
    ids[2:4, 1:3], ids[2:5, 5:7] = 26000, 26001
    for split in ('train', 'val'):
        cityscapes(tmp_path, split, ids)
    return ids


def test_plates_caravans_and_trailers_are_void(tmp_path, one_each):
    ids = one_each.copy()
    ids[3, 1], ids[5, 0], ids[5, 1], ids[5, 2] = 65535, 29000, 30001, 29
    cityscapes(tmp_path, 'train', ids)
    convert('cityscapes', tmp_path)
    annotation, colours, _ = written(
        tmp_path, f'{GT}train_trainId.json', 'gtFine_panoptic/train'
    )
    found = colours.astype(int) @ [1, 256, 65536]
    assert found[3, 1] == 0 and not found[5, :3].any()
    assert [s['id'] for s in annotation['segments_info']] == [
        7, 23, 26000, 26001
    ]  # fmt: skip


@pytest.mark.parametrize('wrong', [7001, 35, 34000, 999])
def test_ids_that_cityscapes_has_not(tmp_path, one_each, wrong):
    label = 'gtFine/val/city/city_000000_000001_gtFine_instanceIds.png'
    ids = one_each.astype(np.uint16)
    ids[0, 0] = wrong
    save(tmp_path / label, ids)
    with pytest.raises(
        SystemExit, match=rf'instanceIds.png: the id {wrong} is none of Citys'
    ):
        convert('cityscapes', tmp_path)


def test_labels_without_instance_files(tmp_path, one_each):
    for file in tmp_path.rglob('*_instanceIds.png'):
        file.unlink()
    with pytest.raises(SystemExit) as error:
        convert('cityscapes', tmp_path)
    assert 'no file that ends with "_instanceIds.png"' in str(error.value)
    assert 'unpack gtFine_trainvaltest.zip' in str(error.value)


def test_labels_of_another_size_than_their_image(tmp_path, one_each):
    image = 'leftImg8bit/val/city/city_000000_000001_leftImg8bit.png'
    save(tmp_path / image, np.ones((6, 9, 3), np.uint8))
    with pytest.raises(SystemExit, match='8 x 6 pixels, expected 9 x 6 as in'):
        convert('cityscapes', tmp_path)


# -- again -------------------------------------------------------------------
def test_finished_files_are_kept_and_others_made_anew(
    tmp_path, one_each, monkeypatch
):
    cityscapes(tmp_path, 'train', one_each, 'aachen_000001_000019')
    convert('cityscapes', tmp_path)
    folder = tmp_path / 'gtFine_panoptic'
    before = {
        file: file.read_bytes() for file in folder.rglob('*') if file.is_file()
    }
    assert len(before) == 3 + 4
    whole = folder / 'train/city/city_000000_000001_gtFine_panoptic.png'
    cut = folder / 'train/aachen/aachen_000001_000019_gtFine_panoptic.png'
    cut.write_bytes(before[cut][:45])
    written, write = [], convert_segments.write_ids

    def record(path, ids):
        written.append(path)
        write(path, ids)

    monkeypatch.setattr(convert_segments, 'write_ids', record)
    convert('cityscapes', tmp_path)
    assert written == [cut]
    assert {file: file.read_bytes() for file in before} == before
    # of other labels
    save(whole, np.zeros((6, 8, 3), np.uint8))
    with pytest.raises(SystemExit, match='other segments than its original:'):
        convert('cityscapes', tmp_path)


def test_out_dir_leaves_the_data_set_untouched(tmp_path, capsys):
    root, out = tmp_path / 'data', tmp_path / 'out'
    rng = np.random.default_rng(0)
    synthia(root, rng.choice([3, 8], (6, 8)), rng.integers(0, 3, (6, 8)))
    before = sorted(root.rglob('*'))
    convert('synthia', root, '--out-dir', out, '--nproc', 2)
    assert sorted(root.rglob('*')) == before
    ((dataset, sample),) = step(
        capsys.readouterr().out, 'SYNTHIAPanopticDataset'
    )
    assert sample['img_path'] == str(root / 'RGB/0000000.png')
    cars = [s for s in sample['segments_info'] if s['isthing']]
    assert [segment['id'] for segment in cars] == [26000, 26001, 26002]
