import argparse
import copy

import pytest
from mmengine.config import Config

from mmseg_balance.cli.options import add_data_root
from mmseg_balance.configuration.data_roots import (
    VARIABLE,
    relocate_data,
    set_common_root,
)


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


def config(**changes):
    val = dict(data_root='data/cityscapes', data_prefix=dict(img_path='val'))
    cfg = dict(
        train_dataloader=dict(
            dataset=dict(
                source=dict(
                    datasets=[
                        dict(data_root='data/gta/', ann_file='a.txt'),
                        dict(
                            dataset=dict(
                                data_prefix=dict(img_path='data/own/images')
                            )
                        ),
                    ]
                ),
                target=dict(data_root='data/camvid/day'),
                rare_class_sampling=dict(stats_dir='data/camvid_day_stats'),
            )
        ),
        val_dataloader=dict(dataset=val),
        test_dataloader=dict(dataset=copy.deepcopy(val)),
        custom_hooks=[dict(stats_dir='data/gta')],
        load_from='data/gta/weights.pth',
    )
    return Config(cfg | changes)


def folders(cfg):
    data = cfg.train_dataloader.dataset
    gta, own = data.source.datasets
    return dict(
        gta=gta.data_root,
        ann=gta.ann_file,
        own=own.dataset.data_prefix.img_path,
        target=data.target.data_root,
        stats=data.rare_class_sampling.stats_dir,
        val=cfg.val_dataloader.dataset.data_root,
        test=cfg.test_dataloader.dataset.data_root,
        img=cfg.val_dataloader.dataset.data_prefix.img_path,
        hook=cfg.custom_hooks[0].stats_dir,
        load_from=cfg.load_from,
    )


HERE = dict(
    gta='data/gta/',
    ann='a.txt',
    own='data/own/images',
    target='data/camvid/day',
    stats='data/camvid_day_stats',
    val='data/cityscapes',
    test='data/cityscapes',
    img='val',
    hook='data/gta',
    load_from='data/gta/weights.pth',
)


def test_nothing_is_moved_without_being_asked():
    cfg = config()
    relocate_data(cfg)
    assert folders(cfg) == HERE


def test_names_move_all_that_lies_in_their_folder():
    cfg = config()
    relocate_data(cfg, ['GTA=/x', 'cityscapes=/y/cs', 'camvid=/c'])
    assert folders(cfg) == HERE | dict(
        gta='/x',
        hook='/x',
        val='/y/cs',
        test='/y/cs',
        target='/c/day',
    )
    cfg = config()
    relocate_data(cfg, ['day=/d', 'own=/o', 'camvid_day_stats=/s'])
    assert folders(cfg) == HERE | dict(
        target='/d', own='/o/images', stats='/s'
    )


def test_variable_stands_for_the_folder_of_all_but_those_named(monkeypatch):
    monkeypatch.setenv(VARIABLE, '/mnt')
    cfg = config()
    relocate_data(cfg, ['gta=data/elsewhere'])
    assert folders(cfg) == HERE | dict(
        gta='data/elsewhere',
        own='/mnt/own/images',
        target='/mnt/camvid/day',
        stats='/mnt/camvid_day_stats',
        val='/mnt/cityscapes',
        test='/mnt/cityscapes',
        hook='data/elsewhere',
    )


def test_roots_elsewhere_have_the_name_of_their_last_folder(monkeypatch):
    monkeypatch.setenv(VARIABLE, '/mnt')
    loader = dict(dataset=dict(data_root='/home/me/Mine'))
    cfg = Config(dict(val_dataloader=loader))
    relocate_data(cfg)
    assert cfg.val_dataloader.dataset.data_root == '/home/me/Mine'
    relocate_data(cfg, ['mine=/z'])
    assert cfg.val_dataloader.dataset.data_root == '/z'


@pytest.mark.parametrize(
    ('roots', 'message'),
    [
        (['gta'], '--data-root gta: expected NAME=FOLDER'),
        (['gta='], '--data-root gta=: expected NAME=FOLDER'),
        (['gta=/a', 'GTA=/b'], '--data-root has GTA twice'),
        (
            ['cityscape=/a'],
            r'cityscape=/a: .*did you mean cityscapes\?.*it has camvid, '
            'camvid_day_stats, cityscapes, day, gta, own',
        ),
    ],
)
def test_what_no_data_set_is_meant_by(roots, message):
    with pytest.raises(ValueError, match=message):
        relocate_data(config(), roots)


def test_name_of_several_folders():
    def two(*roots):
        children = [dict(data_root=root) for root in roots]
        return Config(dict(train_dataloader=dict(datasets=children)))

    cfg = two('data/gta/train', 'data/synthia/train')
    with pytest.raises(
        ValueError,
        match='train=/x: the name stands for 2 folders .*data/gta/train, data/'
        'synthia/train.: take the names of the folders above',
    ):
        relocate_data(cfg, ['train=/x'])
    relocate_data(cfg, ['gta=/x', 'synthia=/y'])
    roots = [d.data_root for d in cfg.train_dataloader.datasets]
    assert roots == ['/x/train', '/y/train']


def test_root_that_is_the_folder_of_all_data(monkeypatch):
    monkeypatch.setenv(VARIABLE, '/mnt')
    loader = dict(dataset=dict(data_root='data/'))
    cfg = Config(dict(val_dataloader=loader))
    relocate_data(cfg)
    assert cfg.val_dataloader.dataset.data_root == '/mnt'


def test_data_root_as_an_override():
    with pytest.raises(
        ValueError,
        match='--cfg-options data_root=/x: the data sets of .* do not share a '
        'data_root .found data/camvid/day, data/cityscapes, data/gta/.; set '
        'each with --data-root camvid=FOLDER cityscapes=FOLDER gta=FOLDER, '
        'or the variable MMSEG_BALANCE_DATA',
    ):
        set_common_root(config(), dict(data_root='/x'))
    cfg = config()
    set_common_root(cfg, {'model.data_root': 1})
    assert folders(cfg) == HERE
    # as in MMSegmentation's configs: a variable, and its value elsewhere
    cfg = config(data_root='data/cityscapes')
    set_common_root(cfg, dict(data_root='/x'))
    assert folders(cfg) == HERE | dict(val='/x', test='/x')
    loader = dict(dataset=dict(data_root='data/a'))
    cfg = Config(dict(val_dataloader=loader, test_dataloader=loader))
    set_common_root(cfg, dict(data_root='/x'))
    assert cfg.test_dataloader.dataset.data_root == '/x'


def test_option_of_a_command_line():
    parser = argparse.ArgumentParser()
    add_data_root(parser)
    args = parser.parse_args(['--data-root', 'a=/x', 'b=/y'])
    assert args.data_root == ['a=/x', 'b=/y']
    assert parser.parse_args([]).data_root is None
