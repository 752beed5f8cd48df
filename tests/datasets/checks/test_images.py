"""Images that are left out, and lists of images that are not there."""

import cv2
import numpy as np
import pytest
from mmseg.datasets import BaseSegDataset
from mmseg.registry import DATASETS

from mmseg_balance.datasets import (
    CamVidDataset,
    FolderDataset,
    GTADataset,
    SYNTHIADataset,
    UDADataset,
)
from mmseg_balance.datasets.checks import check_evaluation_set
from mmseg_balance.datasets.checks.images import shared_images
from mmseg_balance.datasets.checks.left_out import left_out

LOAD = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
PACK = dict(type='PackSegInputs')
MIXED = ('a.jpg', 'b.jpg', 'c.JPG', 'd.JPG', 'e.jpeg', 'sub/f.jpeg')


def touch(root, *names):
    image = np.zeros((4, 6, 3), np.uint8)
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        suffix = path.suffix if path.suffix.lower() != '.pbm' else '.png'
        path.write_bytes(cv2.imencode(suffix, image)[1].tobytes())


def label(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.zeros((4, 6), np.uint8))


def config(root, kind='BaseSegDataset', labels=True, **kwargs):
    prefix = dict(img_path='images')
    if labels:
        prefix['seg_map_path'] = 'labels'
    return dict(
        type=kind,
        data_root=str(root),
        data_prefix=prefix,
        serialize_data=False,
        metainfo=dict(classes=('road', 'car')),
        pipeline=[*LOAD[: 1 + labels], PACK],
        **kwargs,
    )


def names(dataset):
    return [
        dataset.get_data_info(i)['img_path'].split('images/')[1]
        for i in range(len(dataset))
    ]


def lines(root, labels=False, **kwargs):
    dataset = DATASETS.build(config(root, labels=labels, **kwargs))
    return left_out(dataset, 'target', labels)


def test_other_suffixes_are_counted_with_the_way_to_take_them(tmp_path):
    touch(tmp_path / 'images', *MIXED)
    (line,) = lines(tmp_path)
    assert line == (
        f'target.data_prefix.img_path: 4 of the 6 images in {tmp_path}/images '
        "are left out: 2 end with '.JPG' (c.JPG), 2 end with '.jpeg' "
        "(e.jpeg), and img_suffix is '.jpg'; to take them, set "
        "img_suffix=('.jpg', '.JPG', '.jpeg') with type='FolderDataset' or "
        'another data set of mmseg_balance'
    )
    (line,) = lines(tmp_path, kind='FolderDataset')
    assert line.endswith("img_suffix=('.jpg', '.JPG', '.jpeg')")
    suffixes = ['.jpg', '.JPG', '.jpeg']
    kwargs = dict(kind='FolderDataset', img_suffix=suffixes)
    assert lines(tmp_path, **kwargs) == []


def test_files_that_nobody_misses_are_not_counted(tmp_path):
    touch(tmp_path / 'images', 'a.jpg', 'b.jpg')
    folder = tmp_path / 'images'
    for name in ('._a.JPG', 'Thumbs.db', '.DS_Store', 'list.txt', 'a.json'):
        (folder / name).write_bytes(b'x')
    (folder / 'link.jpg').symlink_to(folder / 'a.jpg')
    # a label or a depth map beside an image
    touch(folder, 'a.png', 'b.tif')
    assert lines(tmp_path) == []
    # a list says which images are meant
    touch(folder, 'c.JPG')
    assert len(lines(tmp_path)) == 1
    (tmp_path / 'a.txt').write_text('a\n')
    assert lines(tmp_path, ann_file='a.txt') == []


def test_links_to_nowhere_and_labels_without_image(tmp_path):
    touch(tmp_path / 'images', 'a.jpg')
    (tmp_path / 'images/b.jpg').symlink_to(tmp_path / 'gone.jpg')
    label(tmp_path / 'labels', 'a.png', 'b.png', 'sub/c.png')
    first, second = lines(tmp_path, labels=True)
    assert first.endswith('nowhere and are left out (b.jpg)')
    assert second == (
        f'target.data_prefix.seg_map_path: 2 labels in {tmp_path}/labels '
        'belong to no image and are left out (b.png, sub/c.png)'
    )
    assert len(lines(tmp_path)) == 1


def test_images_that_are_taken_twice(tmp_path):
    touch(tmp_path / 'images', 'a.jpg', 'a.png', 'b.png', 'c.jpg')
    suffixes = ('.jpg', '.png')
    (line,) = lines(tmp_path, kind='FolderDataset', img_suffix=suffixes)
    assert line == (
        'target.data_prefix.img_path: 2 images have the name of another one '
        'but for the suffix, and one label for both (a.jpg, a.png)'
    )
    (tmp_path / 'l.txt').write_text('a\nc\na\n')
    (line,) = lines(tmp_path, ann_file='l.txt')
    assert line == (
        f'target.ann_file: {tmp_path}/l.txt names 1 images several times, '
        f'which are taken as often ({tmp_path}/images/a.jpg)'
    )


def test_lines_are_in_the_log_of_training_and_evaluation(tmp_path, caplog):
    touch(tmp_path / 'images', *MIXED)
    label(tmp_path / 'labels', 'a.png', 'b.png', 'c.png')
    source = config(tmp_path)
    said = []

    def say(line, logger, level):
        assert logger == 'current'
        said.append(line)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('mmseg_balance.datasets.checks.left_out.print_log', say)
        UDADataset(source, config(tmp_path, labels=False))
        check_evaluation_set(DATASETS.build(source), 'val')
    keys = [line.split('.data_prefix.')[0] for line in said]
    assert keys == ['source', 'source', 'target', 'val', 'val']


@pytest.mark.parametrize(
    ('kind', 'end'),
    [
        (FolderDataset, '.png'),
        (CamVidDataset, '.png'),
        (GTADataset, '_labelTrainIds.png'),
        (SYNTHIADataset, '_labelTrainIds.png'),
    ],
)
def test_several_suffixes(tmp_path, kind, end):
    touch(tmp_path / 'images', *MIXED)
    cfg = config(tmp_path, img_suffix=['.jpg', '.JPG', '.jpeg'])
    cfg.pop('type'), cfg.pop('metainfo')
    dataset = kind(**cfg)
    assert names(dataset) == list(MIXED)
    assert dataset.get_data_info(5)['seg_map_path'] == (
        f'{tmp_path}/labels/sub/f{end}'
    )
    assert dataset.img_suffix == ('.jpg', '.JPG', '.jpeg')


def test_the_longest_suffix_is_left_away(tmp_path):
    touch(tmp_path / 'images', 'a_left.png', 'b.png')
    dataset = FolderDataset(
        **{
            k: v
            for k, v in config(tmp_path).items()
            if k not in ('type', 'metainfo')
        },
        img_suffix=('.png', '_left.png'),
    )
    paths = [dataset.get_data_info(i)['seg_map_path'][-5:] for i in (0, 1)]
    assert paths == ['a.png', 'b.png']


@pytest.mark.parametrize(
    'text',
    [
        '\ufeffb\na\n',
        'b\r\na\r\n',
        '\nb\n\n  \na',
        'b  \n\ta\n',
        'b.jpg\na.jpg\n',
        '\ufeffb.jpg \r\n\r\na\r\n',
    ],
)
@pytest.mark.parametrize('suffixes', ['.jpg', ('.jpg', '.JPG')])
def test_lists_as_people_write_them(tmp_path, text, suffixes):
    touch(tmp_path / 'images', 'a.jpg', 'b.jpg', 'c.jpg')
    label(tmp_path / 'labels', 'a.png', 'b.png')
    (tmp_path / 'l.txt').write_bytes(text.encode())
    cfg = config(
        tmp_path, 'FolderDataset', ann_file='l.txt', img_suffix=suffixes
    )
    pair = UDADataset(cfg, cfg)
    assert names(pair.source) == ['b.jpg', 'a.jpg']
    assert pair[1]['source']['data_samples'].seg_map_path.endswith('a.png')


def test_list_of_images_of_several_suffixes(tmp_path):
    touch(tmp_path / 'images', *MIXED)
    (tmp_path / 'l.txt').write_text('sub/f\nc\na\ne.jpeg\n')
    dataset = DATASETS.build(
        config(
            tmp_path,
            'FolderDataset',
            ann_file='l.txt',
            img_suffix=('.jpeg', '.JPG', '.jpg'),
        )
    )
    assert names(dataset) == ['sub/f.jpeg', 'c.JPG', 'a.jpg', 'e.jpeg']


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('\ufeffa\nb\n', 'begins with a byte order mark, .*sed -i'),
        ('a\n\nb\n', 'Line 2 of the list is blank: remove it'),
        ('a.jpg\nb.jpg\n', "names end with '.jpg' already"),
        ('a b.png\n', 'several words, expected one name a line'),
        ('a\nx\n', "img_path and img_suffix .'.jpg'. go with it"),
    ],
)
def test_lists_that_stock_data_sets_misread(tmp_path, text, reason):
    touch(tmp_path / 'images', 'a.jpg', 'b.jpg')
    (tmp_path / 'l.txt').write_bytes(text.encode())
    good = config(tmp_path / 's', labels=True)
    touch(tmp_path / 's/images', 'a.jpg')
    label(tmp_path / 's/labels', 'a.png')
    target = config(tmp_path, labels=False, ann_file='l.txt')
    with pytest.raises(FileNotFoundError, match=reason) as error:
        UDADataset(good, target)
    message = str(error.value)
    assert message.startswith('target.ann_file: ')
    assert f'that {tmp_path}/l.txt names are not there' in message
    with pytest.raises(FileNotFoundError, match='val.ann_file: '):
        check_evaluation_set(DATASETS.build(target), 'val')


def test_list_that_is_not_utf8(tmp_path):
    touch(tmp_path / 'images', 'a.jpg')
    (tmp_path / 'l.txt').write_bytes('a\n'.encode('utf-16'))
    with pytest.raises(ValueError, match='l.txt .ann_file. is not UTF-8'):
        DATASETS.build(config(tmp_path, 'FolderDataset', ann_file='l.txt'))


def test_list_without_a_name(tmp_path):
    touch(tmp_path / 'images', 'a.jpg')
    (tmp_path / 'l.txt').write_text('')
    cfg = config(tmp_path, ann_file='l.txt', labels=False)
    with pytest.raises(ValueError, match='val: there is no image in .*l.txt'):
        check_evaluation_set(DATASETS.build(cfg), 'val')


def test_label_in_capitals_is_named(tmp_path):
    touch(tmp_path / 'images', 'a.jpg')
    label(tmp_path / 'labels', 'a.PNG', 'b.png')
    cfg = config(tmp_path)
    with pytest.raises(
        FileNotFoundError, match='a.png, found a.PNG: see seg_map_suffix'
    ):
        UDADataset(cfg, cfg)


def test_images_of_both_sets(tmp_path):
    touch(tmp_path / 'images', 'a.jpg', 'b.jpg', 'c.jpg')
    for name, text in (('train', 'a\nb\n'), ('val', 'c\nb\n')):
        (tmp_path / f'{name}.txt').write_text(text)
    train, val = (
        BaseSegDataset(
            ann_file=f'{name}.txt',
            **{
                k: v
                for k, v in config(tmp_path, labels=False).items()
                if k != 'type'
            },
        )
        for name in ('train', 'val')
    )
    assert shared_images([train], [val]) == [f'{tmp_path}/images/b.jpg']
    assert shared_images([train], []) == []
