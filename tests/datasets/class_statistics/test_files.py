"""Class statistics: counts, DAFormer's files, and what is refused."""

import json
import runpy

import numpy as np
import pytest
from helpers.paths import ROOT
from mmengine.registry import DefaultScope
from mmseg.datasets.transforms import LoadAnnotations
from PIL import Image

from mmseg_balance.datasets import UDADataset
from mmseg_balance.datasets.class_statistics.files import (
    count_classes,
    count_label_file,
    count_label_files,
    load_class_counts,
    write_class_stats,
)

TOOL = ROOT / 'tools/dataset_converters/class_stats.py'


@pytest.fixture
def labels(tmp_path):
    """Three label files; the third has class 4, which the others lack."""
    folder = tmp_path / 'labels'
    folder.mkdir()
    for i, values in enumerate(([0, 0, 2], [2, 255, 255], [4, 4, 0])):
        label = np.array([values, values], dtype=np.uint8)
        Image.fromarray(label).save(folder / f'{i}_labelTrainIds.png')
    return folder


def run_tool(*args):
    runpy.run_path(str(TOOL))['main']([str(a) for a in (*args, '--nproc', 1)])


def test_counts_match_comparison_with_each_class():
    label = np.random.default_rng(0).integers(0, 7, (13, 17)).astype(np.uint8)
    label[0, :5] = 255
    counts = count_classes(label, 7)
    assert counts.dtype == np.int64
    assert counts.tolist() == [int((label == c).sum()) for c in range(7)]


def test_ignored_pixels_are_not_counted_even_inside_the_classes():
    label = np.array([0, 1, 1, 2], dtype=np.uint8)
    assert count_classes(label, 3, ignore_index=1).tolist() == [1, 0, 1]


def test_label_without_counted_pixels():
    label = np.full((2, 2), 255, dtype=np.uint8)
    assert count_classes(label, 3).tolist() == [0, 0, 0]


def test_values_outside_the_classes_are_named(tmp_path):
    path = tmp_path / 'a.png'
    Image.fromarray(np.array([[0, 19, 34, 255]], np.uint8)).save(path)
    with pytest.raises(ValueError, match=r'a\.png: label value 19, 34 found'):
        count_label_file(path, 19)


def test_palette_images_count_by_index(tmp_path):
    image = Image.fromarray(np.array([[0, 1, 1]], np.uint8), mode='P')
    image.putpalette([7, 7, 7, 0, 0, 0])
    image.save(tmp_path / 'a.png')
    assert count_label_file(tmp_path / 'a.png', 2).tolist() == [1, 2]


def test_colour_images_are_refused(tmp_path):
    Image.new('RGB', (2, 2)).save(tmp_path / 'a.png')
    with pytest.raises(ValueError, match=r'a\.png.*mode RGB'):
        count_label_file(tmp_path / 'a.png', 2)


def test_all_bad_files_are_reported_together(labels):
    bad = sorted(labels.glob('*.png'))[:2]
    bad[0].write_bytes(b'no image')
    bad[1].write_bytes(bad[1].read_bytes()[:45])
    with pytest.raises(ValueError, match='2 of 3 files failed') as error:
        count_label_files(sorted(labels.glob('*.png')), 5)
    assert all(
        f'{path}: cannot be decoded' in str(error.value) for path in bad
    )


def test_files_have_daformers_format(tmp_path):
    # classes ascend in an entry, files keep their order, and the classes of
    # samples_with_class come by first appearance
    counts = np.array([[3, 0, 1], [0, 5, 2]])
    write_class_stats(tmp_path, ['b.png', 'a.png'], counts)

    def pairs(name):
        text = (tmp_path / name).read_text()
        return json.loads(text, object_pairs_hook=list)

    assert pairs('sample_class_stats.json') == [
        [('0', 3), ('2', 1), ('file', 'b.png')],
        [('1', 5), ('2', 2), ('file', 'a.png')],
    ]
    assert pairs('sample_class_stats_dict.json') == [
        ('b.png', [('0', 3), ('2', 1)]),
        ('a.png', [('1', 5), ('2', 2)]),
    ]
    assert pairs('samples_with_class.json') == [
        ('0', [['b.png', 3]]),
        ('2', [['b.png', 1], ['a.png', 2]]),
        ('1', [['a.png', 5]]),
    ]


def test_round_trip(tmp_path):
    counts = np.random.default_rng(0).integers(0, 3, (5, 4)) * 10
    counts[:, 3] = 0
    files = [f'labels/{i}.png' for i in range(5)]
    write_class_stats(tmp_path, files, counts)
    read_files, read_counts = load_class_counts(tmp_path)
    assert read_files == files
    assert read_counts.dtype == np.int64
    # a class that no file shows leaves no trace
    np.testing.assert_array_equal(read_counts, counts[:, :3])


def test_missing_and_broken_statistics_name_the_command(tmp_path):
    command = 'mmseg-balance data class-stats'
    path = tmp_path / 'sample_class_stats.json'
    with pytest.raises(FileNotFoundError, match=command) as error:
        load_class_counts(tmp_path)
    assert str(path) in str(error.value)
    for content in ('{"0": ', '[1, 2]', '[{"0": 3}]', '{"x": [["a", 1]]}'):
        path.write_text(content)
        with pytest.raises(ValueError, match=command) as error:
            load_class_counts(tmp_path)
        assert str(path) in str(error.value)


def test_tool_counts_a_folder(labels, tmp_path, capsys):
    run_tool(labels, '--num-classes', 5, '--out-dir', tmp_path)
    files, counts = load_class_counts(tmp_path)
    assert files == [f'labels/{i}_labelTrainIds.png' for i in range(3)]
    assert counts.tolist() == [
        [4, 0, 2, 0, 0], [0, 0, 2, 0, 0], [2, 0, 0, 0, 4],
    ]  # fmt: skip
    # 6 of 14 labelled pixels in 2 files
    first = capsys.readouterr().out.splitlines()[1]
    assert first.split() == ['0', '42.857', '2']


def test_tool_prefers_train_ids_and_takes_other_labels(labels, tmp_path):
    # ids that are no train ids lie beside them
    Image.fromarray(np.full((1, 3), 34, np.uint8)).save(labels / '0.png')
    run_tool(labels, '--num-classes', 5, '--out-dir', tmp_path)
    assert len(load_class_counts(tmp_path)[0]) == 3
    with pytest.raises(SystemExit, match='label value 34'):
        run_tool(labels, '--num-classes', 5, '--suffix', '.png')
    for path in labels.glob('*_labelTrainIds.png'):
        path.unlink()
    run_tool(labels, '--num-classes', 35, '--out-dir', tmp_path)
    assert load_class_counts(tmp_path)[0] == ['labels/0.png']


@pytest.mark.parametrize('mode', ['1', 'I;16'])
def test_modes_that_training_takes_too(tmp_path, mode):
    label = np.array([[0, 1, 1], [1, 1, 0]])
    stored = label.astype(bool if mode == '1' else np.uint16)
    Image.fromarray(stored).save(tmp_path / 'a.png')
    assert Image.open(tmp_path / 'a.png').mode == mode
    assert count_label_file(tmp_path / 'a.png', 2).tolist() == [2, 4]
    loaded = LoadAnnotations()(
        dict(
            seg_map_path=str(tmp_path / 'a.png'), seg_fields=[],
            reduce_zero_label=False,
        )
    )  # fmt: skip
    np.testing.assert_array_equal(loaded['gt_seg_map'], label)


def test_an_alpha_channel_is_no_colour(tmp_path):
    Image.new('LA', (2, 2)).save(tmp_path / 'a.png')
    with pytest.raises(ValueError) as error:
        count_label_file(tmp_path / 'a.png', 2)
    assert 'mode LA: save it without its alpha channel' in str(error.value)


def test_negative_values_are_named(tmp_path):
    label = np.array([[-1, -2, 0, 300]], np.int32)
    Image.fromarray(label).save(tmp_path / 'a.tif')
    with pytest.raises(ValueError) as error:
        count_label_file(tmp_path / 'a.tif', 2, ignore_index=-1)
    assert 'a.tif: label value -2, 300 found, expected 0 .. 1 or -1' in str(
        error.value
    )


# -- 0 for unlabelled pixels, as in ADE20K -----------------------------------
@pytest.fixture
def from_one(tmp_path):
    """Two labels with the classes 1 .. 3, and 0 for what has none."""
    for i, values in enumerate(([0, 1, 1, 3], [3, 3, 0, 255])):
        for folder in ('labels', 'images'):
            (tmp_path / folder).mkdir(exist_ok=True)
            label = Image.fromarray(np.array([values, values], np.uint8))
            label.save(tmp_path / folder / f'{i}.png')
    return tmp_path


def of_three_classes(root, **kwargs):
    loaders = ('LoadImageFromFile', 'LoadAnnotations')
    return dict(
        type='BaseSegDataset',
        data_root=str(root),
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        img_suffix='.png',
        seg_map_suffix='.png',
        metainfo=dict(classes=('a', 'b', 'c')),
        pipeline=[dict(type=kind) for kind in loaders],
        serialize_data=False,
        **kwargs,
    )


def test_tool_and_training_say_how_zero_may_be_meant(from_one):
    with pytest.raises(SystemExit) as error:
        run_tool(from_one / 'labels', '--num-classes', 3)
    with pytest.raises(ValueError) as trained:
        UDADataset(of_three_classes(from_one))
    for message in (str(error.value), str(trained.value)):
        assert 'value 3' in message and '0 .. 2' in message
        assert 'reduce_zero_label=True in the data set' in message
        assert '--reduce-zero-label to mmseg-balance data cla' in message
        assert 'there are 4 classes' in message
    # not where the values say something else, nor where it is said already
    for said in ([], ['--reduce-zero-label']):
        with pytest.raises(SystemExit) as error:
            run_tool(from_one / 'labels', '--num-classes', 2, *said)
        assert 'label value 3 found' in str(error.value)
        assert 'reduce_zero_label' not in str(error.value)


def test_tool_counts_from_one(from_one, capsys):
    run_tool(
        from_one / 'labels', '--num-classes', 3, '--reduce-zero-label',
        '--out-dir', from_one,
    )  # fmt: skip
    lines = capsys.readouterr().out.splitlines()
    # 4, 0 and 6 of 10 labelled pixels
    assert [line.split() for line in lines[1:4]] == [
        ['0', '40.000', '1'], ['1', '0.000', '0'], ['2', '60.000', '2'],
    ]  # fmt: skip
    data = UDADataset(
        of_three_classes(from_one, reduce_zero_label=True),
        rare_class_sampling=dict(min_pixels=0),
    )
    # the rarest first
    assert data.rare_class_sampling.classes.tolist() == [0, 2]


@pytest.mark.parametrize('out_dir', [None, 'stats'])
def test_tool_prints_the_setting_that_reads_its_files(
    labels, tmp_path, capsys, out_dir
):
    folder = tmp_path / out_dir if out_dir else labels
    run_tool(
        labels, '--num-classes', 5, *(['--out-dir', folder] if out_dir else [])
    )
    name, setting = capsys.readouterr().out.splitlines()[-1].split('=', 1)
    assert name == 'rare_class_sampling'
    images = tmp_path / 'images'
    images.mkdir()
    for path in labels.glob('*.png'):
        name = path.name.removesuffix('_labelTrainIds.png')
        Image.open(path).save(images / f'{name}.png')
    loaders = ('LoadImageFromFile', 'LoadAnnotations')
    source = dict(
        type='BaseSegDataset',
        data_root=str(tmp_path),
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        img_suffix='.png',
        seg_map_suffix='_labelTrainIds.png',
        metainfo=dict(classes=tuple('abcde')),
        pipeline=[dict(type=kind) for kind in loaders],
    )
    sampling = eval(setting)
    # other tests of the process may have left a scope of theirs
    with DefaultScope.overwrite_default_scope('mmseg'):
        pair = UDADataset(source, source, {**sampling, 'min_pixels': 0})
    assert sorted(pair.rare_class_sampling.classes) == [0, 2, 4]


def test_tool_names_files_outside_its_folder_by_absolute_path(
    labels, tmp_path
):
    run_tool(labels, '--num-classes', 5, '--out-dir', tmp_path / 'stats')
    files, _ = load_class_counts(tmp_path / 'stats')
    assert files[0] == (labels / '0_labelTrainIds.png').as_posix()


@pytest.mark.parametrize(
    'args, message',
    [
        (['--num-classes', 4], 'label value 4 found, expected 0 .. 3 or 255'),
        (['--num-classes', 5, '--suffix', '.gif'], 'no file that ends with'),
    ],
)
def test_tool_ends_with_a_message_and_writes_nothing(labels, args, message):
    with pytest.raises(SystemExit, match=message):
        run_tool(labels, *args)
    assert not list(labels.glob('*.json'))


def test_tool_refuses_a_missing_folder(tmp_path):
    with pytest.raises(SystemExit, match='nowhere: no such folder'):
        run_tool(tmp_path / 'nowhere', '--num-classes', 2)


def test_statistics_of_another_folder_are_not_replaced(labels, tmp_path):
    out = tmp_path / 'stats'
    run_tool(labels, '--num-classes', 5, '--out-dir', out)
    before = {f.name: f.read_bytes() for f in out.iterdir()}
    other = tmp_path / 'other'
    other.mkdir()
    label = Image.fromarray(np.zeros((2, 2), np.uint8))
    label.save(other / 'z_labelTrainIds.png')
    with pytest.raises(SystemExit, match=r'stats.json is of \d other files'):
        run_tool(other, '--num-classes', 3, '--out-dir', out)
    assert {f.name: f.read_bytes() for f in out.iterdir()} == before
    # but those of a set that has grown, or a file cut short, are
    label.save(labels / 'z_labelTrainIds.png')
    run_tool(labels, '--num-classes', 5, '--out-dir', out)
    assert len(load_class_counts(out)[0]) == 4
    (out / 'sample_class_stats.json').write_text('[')
    run_tool(other, '--num-classes', 3, '--out-dir', out)
