import os
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmseg.datasets import CityscapesDataset
from mmseg.registry import DATASETS

from mmseg_balance.datasets import UDADataset
from mmseg_balance.datasets.checks import (
    check_data_configs,
    check_folders,
)
from mmseg_balance.datasets.loading.preparation import preparation

CLASSES = ('road', 'car', 'sky')


def write(path, value, size=(6, 8)):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full(size, value, np.uint8))


def make_files(root, count=3, value=1):
    for i in range(count):
        write(root / f'images/{i:02}.png', 90)
        write(root / f'labels/{i:02}.png', value)


def config(root, kind='BaseSegDataset', labels=True, **kwargs):
    load = [dict(type='LoadImageFromFile'), dict(type='LoadAnnotations')]
    kwargs.setdefault('metainfo', dict(classes=CLASSES))
    return dict(
        type=kind,
        data_root=str(root),
        data_prefix=dict(img_path='images', seg_map_path='labels'),
        img_suffix='.png',
        seg_map_suffix='.png',
        serialize_data=False,
        pipeline=load[: 1 + labels] + [dict(type='PackSegInputs')],
        **kwargs,
    )


def build(source, target=None):
    if target is None:
        target = {**source, 'pipeline': config('', labels=False)['pipeline']}
    return UDADataset(source, target)


@pytest.mark.parametrize(
    ('kind', 'command'),
    [
        ('GTADataset', 'mmseg-balance data gta {root}'),
        (
            'SYNTHIADataset',
            'mmseg-balance data synthia {root}',
        ),
        (
            'CityscapesDataset',
            'mmseg-balance data cityscapes {root}',
        ),
        ('CamVidDataset', '{root}/{{day,dusk}}/images/{{train,val}}/*.jpg'),
        ('BaseSegDataset', None),
    ],
)
def test_missing_folder_names_the_command(tmp_path, kind, command):
    root = tmp_path / 'data'
    make_files(tmp_path / 'data')
    names = DATASETS.get(kind).METAINFO.get('classes')
    cfg = config(root, kind, metainfo=dict(classes=names or CLASSES))
    build(cfg)
    (root / 'images').rename(root / 'elsewhere')
    with pytest.raises(FileNotFoundError) as error:
        build(cfg)
    message = str(error.value)
    assert 'source.data_prefix.img_path' in message
    assert f'the folder {root}/images does not exist' in message
    if command is None:
        assert message.endswith('does not exist')
    else:
        assert command.format(root=root) in message


def test_toy_streets_are_known_by_their_folder(tmp_path):
    folder = tmp_path / 'toy_streets/gta'
    dataset = CityscapesDataset(data_root=str(folder), lazy_init=True)
    command = f'mmseg-balance data toy-streets {folder.parent}'
    assert command in preparation(dataset)


@pytest.mark.parametrize('root', ['home/toyota/cs', 'toy/a/b'])
def test_other_folders_are_not_taken_for_toy_streets(root):
    dataset = CityscapesDataset(data_root=root, lazy_init=True)
    assert f'mmseg-balance data cityscapes {root}' in preparation(dataset)


def test_other_classes_may_have_a_text_of_their_own():
    class Simulator(CityscapesDataset):
        PREPARATION = 'Run render.sh {data_root}'

    dataset = Simulator(data_root='data/simulator', lazy_init=True)
    assert preparation(dataset) == '. Run render.sh data/simulator'


def test_a_target_without_validation_labels(tmp_path):
    make_files(tmp_path)
    data = config(tmp_path)
    cfg = Config(
        {
            f'{key}_dataloader': dict(dataset=data)
            for key in ('train', 'val', 'test')
        }
    )
    check_data_configs(cfg)
    data['data_prefix']['seg_map_path'] = 'none'
    for key in ('val', 'test'):
        cfg.merge_from_dict({f'{key}_dataloader': dict(dataset=data)})
    keys = 'val_dataloader=None val_cfg=None val_evaluator=None'
    with pytest.raises(FileNotFoundError, match=keys) as error:
        check_data_configs(cfg)
    assert 'val_dataloader.dataset.data_prefix.seg_map_path' in str(
        error.value
    )
    # what is advised is enough, and a test alone is still checked
    cfg.val_dataloader = None
    check_data_configs(cfg)
    cfg = Config(dict(test_dataloader=cfg.test_dataloader))
    with pytest.raises(FileNotFoundError, match='test_dataloader') as error:
        check_data_configs(cfg)
    assert keys not in str(error.value)


def test_empty_folder_and_folder_of_other_files(tmp_path):
    make_files(tmp_path)
    for path in (tmp_path / 'labels').iterdir():
        path.rename(path.with_name(path.name + '.part'))
    with pytest.raises(
        FileNotFoundError, match=r"no label that ends with '.png' .*png.part'"
    ):
        build(config(tmp_path))
    for path in (tmp_path / 'labels').iterdir():
        path.unlink()
    with pytest.raises(
        FileNotFoundError,
        match=f'source.data_prefix.seg_map_path: the folder {tmp_path}/labels '
        'is empty',
    ):
        build(config(tmp_path))


def test_target_needs_images_and_no_labels(tmp_path):
    make_files(tmp_path / 's')
    make_files(tmp_path / 't')
    (tmp_path / 't/labels').rename(tmp_path / 'gone')
    source, target = config(tmp_path / 's'), config(tmp_path / 't')
    with pytest.raises(FileNotFoundError, match='target.data_prefix.seg_map'):
        build(source, target)
    target = config(tmp_path / 't', labels=False)
    assert len(build(source, target).target) == 3
    (tmp_path / 't/images').rename(tmp_path / 'gone too')
    with pytest.raises(FileNotFoundError, match='target.data_prefix.img_path'):
        build(source, target)


def test_list_of_files_that_is_missing(tmp_path):
    make_files(tmp_path)
    with pytest.raises(FileNotFoundError, match='source.ann_file: .*val.txt'):
        build(config(tmp_path, ann_file='val.txt'))
    (tmp_path / 'val.txt').write_text('00\n02\n')
    assert len(build(config(tmp_path, ann_file='val.txt'))) == 2


def test_images_without_label_are_counted_and_shown(tmp_path):
    make_files(tmp_path, 9)
    for i in (2, 3, 5, 7):
        (tmp_path / f'labels/{i:02}.png').unlink()
    with pytest.raises(FileNotFoundError) as error:
        build(config(tmp_path))
    message = str(error.value)
    assert 'source: 4 of 9 images have no label' in message
    assert (
        f'{tmp_path}/images/02.png (expected {tmp_path}/labels/02' in message
    )
    assert '05.png' in message
    assert '07.png' not in message


def test_label_values_at_the_start(tmp_path):
    make_files(tmp_path, 65)
    write(tmp_path / 'labels/01.png', 200)
    assert len(build(config(tmp_path))) == 65
    write(tmp_path / 'labels/64.png', 3)
    with pytest.raises(
        ValueError, match=r'source label .*/64.png has the value 3 in 48 pixel'
    ) as error:
        build(config(tmp_path))
    assert 'expected 0 .. 2 for the 3 classes or 255' in str(error.value)


def test_label_that_cannot_be_decoded_at_the_start(tmp_path):
    make_files(tmp_path)
    (tmp_path / 'labels/01.png').write_bytes(b'')
    with pytest.raises(OSError, match='source label .*labels/01.png cannot'):
        build(config(tmp_path))


def test_label_with_colours(tmp_path):
    make_files(tmp_path)
    write(tmp_path / 'labels/00.png', 1, size=(6, 8, 3))
    with pytest.raises(ValueError, match=r'00.png has the shape \(6, 8, 3\)'):
        build(config(tmp_path))


def test_ignored_pixels_are_allowed_and_follow_ignore_index(tmp_path):
    make_files(tmp_path, value=255)
    assert len(build(config(tmp_path))) == 3
    with pytest.raises(ValueError, match='value 255 .* or 50 .ignore_index'):
        build(config(tmp_path, ignore_index=50))
    make_files(tmp_path, value=50)
    assert len(build(config(tmp_path, ignore_index=50))) == 3


def test_reduce_zero_label_is_applied_before_the_check(tmp_path):
    make_files(tmp_path, value=3)
    cfg = config(tmp_path, reduce_zero_label=True)
    assert len(build(cfg)) == 3
    make_files(tmp_path, value=4)
    with pytest.raises(ValueError, match='value 3 .1 less than in the file'):
        build(cfg)


def test_label_map_is_applied_before_the_check(tmp_path):
    make_files(tmp_path, value=18)
    cfg = config(tmp_path, 'CityscapesDataset')
    cfg['metainfo'] = dict(classes=('bicycle', 'road'))
    assert len(build(cfg)) == 3
    make_files(tmp_path, value=19)
    with pytest.raises(ValueError, match='value 19 in'):
        build(cfg)


def test_folders_of_a_whole_config(tmp_path):
    make_files(tmp_path / 'a')
    make_files(tmp_path / 'b')
    a, b = config(tmp_path / 'a'), config(tmp_path / 'b')
    pair = dict(type='UDADataset', source=a, target=b)
    several = dict(type='ConcatDataset', datasets=[a, b])
    cfg = Config(
        dict(
            train_dataloader=dict(dataset=pair),
            val_dataloader=dict(dataset=several),
            test_dataloader=None,
        )
    )
    check_data_configs(cfg)
    (tmp_path / 'b/labels').rename(tmp_path / 'gone')
    with pytest.raises(
        FileNotFoundError, match='train_dataloader.dataset.target.data_prefix'
    ):
        check_data_configs(cfg)
    cfg.pop('train_dataloader')
    with pytest.raises(
        FileNotFoundError, match=r'val_dataloader.dataset.datasets\[1\].data_p'
    ):
        check_data_configs(cfg)
    cfg.val_dataloader.dataset.datasets[1].pipeline.pop(1)
    check_data_configs(cfg)
    # without a wrapper, and with the pipeline that reads labels
    with pytest.raises(
        FileNotFoundError, match='val_dataloader.dataset.data_prefix.seg_map'
    ):
        check_data_configs(Config(dict(val_dataloader=dict(dataset=b))))
    check_data_configs(Config(dict()))


def test_keys_of_sources_elsewhere(tmp_path):
    make_files(tmp_path)
    named = dict(config(tmp_path), label_classes=CLASSES)
    pair = dict(source=[dict(type='ConcatDataset', datasets=[named])])
    cfg = Config(dict(train_dataloader=dict(dataset=pair)))
    check_data_configs(cfg)
    cfg.val_dataloader = dict(dataset=named)
    with pytest.raises(
        ValueError, match='^val_dataloader.dataset.label_classes: .*map-labels'
    ):
        check_data_configs(cfg)


def test_data_set_that_asserts_its_folders(tmp_path):
    make_files(tmp_path)
    cfg = config(tmp_path / 'none', 'ChaseDB1Dataset', metainfo=None)
    with pytest.raises(ValueError) as error:
        check_data_configs(Config(dict(val_dataloader=dict(dataset=cfg))))
    message = str(error.value)
    assert message.startswith('val_dataloader.dataset: ChaseDB1Dataset cannot')
    # which mmseg does not say
    assert message.endswith('}: a folder or file of it is missing')


def test_data_sets_of_other_kinds_are_left_alone():
    for kind in ('NotRegistered', 'RepeatDataset'):
        dataset = dict(type=kind, data_root='nowhere')
        check_data_configs(Config(dict(val_dataloader=dict(dataset=dataset))))


def test_remote_files_are_left_alone():
    for backend, prefix in (
        ('petrel', 'images'),
        (None, 's3://bucket/images'),
    ):
        remote = SimpleNamespace(
            backend_args=dict(backend=backend),
            data_prefix=dict(img_path=prefix),
        )
        check_folders(remote, 'source', with_labels=True)


def test_files_are_not_asked_for_one_by_one(tmp_path, monkeypatch):
    make_files(tmp_path, 40)
    asked = []

    def record(function):
        def recorded(path):
            asked.append(str(path))
            return function(path)

        return recorded

    for name in ('exists', 'isfile', 'isdir'):
        monkeypatch.setattr(os.path, name, record(getattr(os.path, name)))
    build(config(tmp_path))
    assert str(tmp_path / 'labels') in asked
    assert not [path for path in asked if path.endswith('.png')]
