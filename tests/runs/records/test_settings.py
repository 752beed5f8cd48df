"""Which settings of two runs differ, and which of them matter."""

import pytest
from mmengine.config import Config

from mmseg_balance.runs.records.settings import changed_settings, settings_of

CFG = dict(
    model=dict(
        type='DACS',
        segmentor=dict(
            backbone=dict(init_cfg=dict(checkpoint='a.pth'), with_cp=False),
            decode_head=dict(
                loss_decode=[dict(type='BLDALoss', tau=0.1)],
            ),
        ),
    ),
    train_dataloader=dict(
        batch_size=2,
        num_workers=4,
        dataset=dict(
            source=dict(
                data_root='data/gta',
                data_prefix=dict(img_path='images'),
                pipeline=[dict(type='Load'), dict(type='RandomCrop', size=2)],
            )
        ),
    ),
    val_dataloader=dict(batch_size=1),
    train_cfg=dict(max_iters=6, val_interval=6),
    default_hooks=dict(checkpoint=dict(interval=3)),
    custom_hooks=[dict(type='GMMUpdateHook'), dict(type='SeedHook', a=1)],
    randomness=dict(seed=0),
    work_dir='a',
    num_ranks=1,
)
DATA = 'train_dataloader.dataset.source'


def changes(**options):
    new = Config(CFG)
    new.merge_from_dict(options)
    return changed_settings(Config(CFG), new)


@pytest.mark.parametrize(
    ('key', 'value', 'line'),
    [
        ('randomness.seed', 1, 'was 0, is 1'),
        (
            'model.segmentor.decode_head.loss_decode.0.tau',
            0.3,
            'was 0.1, is 0.3',
        ),
        (f'{DATA}.pipeline.1.size', 4, 'was 2, is 4'),
        (f'{DATA}.data_prefix.img_path', 'b', "was 'images', is 'b'"),
        ('model.alpha', 0.9, 'was (not set), is 0.9'),
        ('train_cfg.max_iters', 8, 'was 6, is 8'),
        ('train_dataloader.batch_size', 4, 'was 2, is 4'),
    ],
)
def test_what_matters_is_named(key, value, line):
    (change,) = changes(**{key: value})
    assert str(change) == f'{key} {line}'
    assert not change.is_place


def test_a_list_of_another_length_is_one_change():
    pipeline = [dict(type='Load')]
    (change,) = changes(**{f'{DATA}.pipeline': pipeline})
    assert change.key == f'{DATA}.pipeline'
    assert str(change).endswith("is [{'type': 'Load'}]")
    hooks = [dict(type='SeedHook', a=1), dict(type='Other')]
    assert [c.key for c in changes(custom_hooks=hooks)] == [
        'custom_hooks.GMMUpdateHook',
        'custom_hooks.Other',
    ]


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        (f'{DATA}.data_root', '/x/gta'),
        ('model.segmentor.backbone.init_cfg.checkpoint', '/x/a.pth'),
        (f'{DATA}.data_prefix.img_path', '/x/images'),
    ],
)
def test_places_are_told_apart(key, value):
    (change,) = changes(**{key: value})
    assert change.is_place


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('work_dir', 'b'),
        ('train_dataloader.num_workers', 0),
        ('train_dataloader.persistent_workers', True),
        ('default_hooks.checkpoint.interval', 1),
        ('train_cfg.val_interval', 1),
        ('val_dataloader.batch_size', 2),
        ('model.segmentor.backbone.with_cp', True),
        ('model.segmentor.decode_head.loss_decode.0.kernels', 'torch'),
        ('env_cfg.cudnn_benchmark', False),
        ('train_dataloader.dataset.on_bad_image', 'skip'),
        ('custom_hooks', [*CFG['custom_hooks'], dict(type='CompileHook')]),
        ('custom_hooks', CFG['custom_hooks'][::-1]),
    ],
)
def test_what_no_result_depends_on(key, value):
    assert changes(**{key: value}) == []


def test_evaluation_counts_where_it_is_asked_for():
    new = Config(CFG)
    new.val_dataloader.batch_size = 2
    (change,) = changed_settings(CFG, new, evaluation=True)
    assert change.key == 'val_dataloader.batch_size'


def test_ranks_share_a_batch():
    options = {'num_ranks': 2, 'train_dataloader.batch_size': 1}
    assert changes(**options) == []
    assert [c.key for c in changes(num_ranks=2)] == ['num_ranks']
    # one whose number was not written down
    assert changes(num_ranks=None) == []


def test_resumed_run_loads_its_own_checkpoint():
    assert changes(resume=True, load_from='iter_3.pth') == []
    assert [c.key for c in changes(load_from='a.pth')] == ['load_from']


def test_file_that_a_training_starts_from():
    here = dict(CFG, load_from='a/source_only.pth')
    for there, is_place in (
        ('/x/source_only.pth', True),
        ('a/oracle.pth', False),
        (None, False),
    ):
        (change,) = changed_settings(here, dict(here, load_from=there))
        assert change.is_place == is_place


def test_config_without_hooks_and_other_odd_ones():
    for left_out in ('default_hooks', 'custom_hooks', 'val_dataloader'):
        rest = {k: v for k, v in CFG.items() if k != left_out}
        keys = [c.key for c in changed_settings(CFG, rest)]
        assert all(key.startswith('custom_hooks.') for key in keys), keys
    assert changed_settings({}, {}) == []
    (change,) = changed_settings(dict(a=None), {})
    assert str(change) == 'a was None, is (not set)'
    one = dict(custom_hooks=[dict(type='A', n=1), dict(type='A', n=2)])
    two = dict(custom_hooks=[dict(type='A', n=1), dict(type='A', n=3)])
    (change,) = changed_settings(one, two)
    assert str(change) == 'custom_hooks.A#2.n was 2, is 3'


def test_config_of_a_checkpoint():
    text = Config(CFG).pretty_text
    cfg = settings_of(dict(cfg=text))
    assert changed_settings(cfg, CFG, evaluation=True) == []
    assert settings_of({}) is None
    assert settings_of(dict(cfg='a = (')) is None


@pytest.mark.parametrize(
    'line',
    [
        "open({!r}, 'w')",
        "a = dict(b=open({!r}, 'w'))",
        'import os; os.mkdir({!r})',
        "dict = open\na = dict({!r}, 'w')",
        "a = [open({!r}, 'w') for _ in (1,)]",
    ],
)
def test_code_in_a_checkpoint_is_not_run(tmp_path, line):
    path = tmp_path / 'made'
    assert settings_of(dict(cfg=line.format(str(path)))) is None
    assert not path.exists()
