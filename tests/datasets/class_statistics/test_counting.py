"""Class statistics matched with the labels of a data set."""

import shlex

import numpy as np
import pytest
from mmseg.datasets import BaseSegDataset
from PIL import Image

from mmseg_balance.cli.main import main
from mmseg_balance.datasets.class_statistics.counting import (
    count_classes_of_files,
    match_files,
)
from mmseg_balance.datasets.class_statistics.files import write_class_stats
from mmseg_balance.datasets.loading.split_pipeline import SplitPipeline

# values of three labels of 8 pixels
VALUES = ([0] * 8, [0, 0, 2, 2, 2, 1, 255, 255], [1, 1, 2, 2, 0, 0, 0, 0])
COUNTS = [[8, 0, 0], [2, 1, 3], [4, 2, 2]]


class Streets(BaseSegDataset):
    """A data set with names for the values in its files."""

    METAINFO = dict(classes=('road', 'car', 'sky'), palette=[[0] * 3] * 3)


def make_labels(root, values=VALUES):
    for folder in ('images', 'labels'):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for i, row in enumerate(values):
        image = Image.fromarray(np.array(row, np.uint8).reshape(2, -1))
        image.save(root / f'labels/0000{i}.png')
        image.save(root / f'images/0000{i}.png')


def make_part(root, **kwargs):
    dataset = Streets(
        data_root=str(root),
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        img_suffix='.png',
        serialize_data=False,
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations'),
        ],
        **kwargs,
    )
    return SplitPipeline(dataset, 'source')


def write_stats(root, counts, names='labels/{}.png'):
    files = [names.format(f'0000{i}') for i in range(len(counts))]
    write_class_stats(root, files, np.array(counts))


@pytest.mark.parametrize(
    'names',
    ['{}.png', 'other/place/{}.png', './labels/{}.png', '/data/labels/{}.png'],
)
def test_statistics_with_other_paths_are_those_of_equal_counts(
    tmp_path, names
):
    make_labels(tmp_path)
    write_stats(tmp_path, COUNTS, names)
    part = make_part(tmp_path)
    assert count_classes_of_files(part).tolist() == COUNTS
    # another data set with the same file names
    write_stats(tmp_path, [[8, 0, 0], [2, 3, 1], [4, 2, 2]], names)
    with pytest.raises(ValueError) as error:
        count_classes_of_files(part)
    message = str(error.value)
    assert (
        f'{tmp_path}/sample_class_stats.json is not of the source' in message
    )
    assert (
        f'it counts 3 pixels of class 1 in {tmp_path}/labels/00001.png, where '
        'there are 1; make it anew with\n  mmseg-balance data '
        f'class-stats {tmp_path}/labels --num-classes 3 --suffix .png '
        f'--out-dir {tmp_path}'
    ) in message


def test_statistics_of_another_folder(tmp_path):
    make_labels(tmp_path / 'gta')
    make_labels(tmp_path / 'toy_gta', VALUES[::-1])
    write_stats(tmp_path / 'gta', COUNTS)
    part = make_part(tmp_path / 'toy_gta')
    with pytest.raises(
        ValueError,
        match='gta/sample_class_stats.json is not .* set rare_class_sampling'
        '.stats_dir to the folder of its own, or make it anew',
    ):
        count_classes_of_files(part, str(tmp_path / 'gta'))


def test_statistics_older_than_the_labels(tmp_path):
    make_labels(tmp_path)
    write_stats(tmp_path, COUNTS)
    make_labels(tmp_path, [*VALUES[:2], [1] * 8])
    with pytest.raises(
        ValueError, match='counts 4 pixels of class 0 in .*00002.png, where '
        'there are 0',
    ):  # fmt: skip
        count_classes_of_files(make_part(tmp_path))


@pytest.mark.parametrize(
    ('kwargs', 'values', 'expected'),
    [
        ({}, VALUES, COUNTS),
        (
            dict(reduce_zero_label=True),
            [[0, 1, 1, 2, 3, 3, 3, 255]],
            [[2, 1, 3]],
        ),
        # sky becomes class 0, cars are left out
        (
            dict(metainfo=dict(classes=('sky', 'road'))),
            VALUES,
            [[0, 8], [3, 2], [2, 4]],
        ),
        (
            dict(
                metainfo=dict(classes=('sky', 'road')), reduce_zero_label=True
            ),
            [[0, 1, 1, 2, 3, 3, 3, 255]],
            [[3, 2]],
        ),
        (dict(ignore_index=1), [[0, 0, 1, 2]], [[2, 0, 1]]),
        (dict(ignore_index=9), [[0, 0, 1, 9]], [[2, 1, 0]]),
    ],
)
def test_command_in_the_message_makes_fitting_statistics(
    tmp_path, kwargs, values, expected
):
    root = tmp_path / 'with space'
    make_labels(root, values)
    part = make_part(root, **kwargs)
    with pytest.raises(FileNotFoundError) as error:
        count_classes_of_files(part)
    words = shlex.split(str(error.value).splitlines()[-1])
    assert words[0] == 'mmseg-balance'
    main([*words[1:], '--nproc', '1'])
    assert count_classes_of_files(part).tolist() == expected


def test_match_files_refuses_what_is_ambiguous():
    with pytest.raises(ValueError, match='1 labels share their base name'):
        match_files(['r/u/a.png'], ['v/a.png', 'w/a.png'], ['r'])
    with pytest.raises(ValueError, match='2 labels share one entry'):
        match_files(['r/u/a.png', 'r/v/a.png'], ['a.png'], ['r'])
    exact = ['r/v/a.png', 'r/u/a.png']
    assert match_files(exact, ['u/a.png', 'v/a.png'], ['r']).tolist() == [1, 0]
    relative = match_files(exact, exact, ['elsewhere'])
    assert relative.tolist() == [0, 1]
