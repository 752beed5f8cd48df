"""vis_backends alone in a config of a config does something."""

import pytest
from mmengine.config import Config

from mmseg_balance.configuration import vis_backends
from mmseg_balance.configuration.reading import load_config

BASE = """
vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(
    type='SegLocalVisualizer', vis_backends=vis_backends, name='visualizer')
"""
ADDED = "[dict(type='LocalVisBackend'), dict(type='TensorboardVisBackend')]"
BOTH = ['LocalVisBackend', 'TensorboardVisBackend']
ONE = BOTH[:1]


@pytest.mark.parametrize(
    'middle, child, options, kinds',
    [
        ('', '', {}, ONE),
        ('', f'vis_backends = {ADDED}', {}, BOTH),
        (f'vis_backends = {ADDED}', 'seed = 1', {}, BOTH),
        ('', f'visualizer = dict(vis_backends={ADDED})', {}, BOTH),
        (f'vis_backends = {ADDED}', BASE, {}, ONE),
        ('', f'b = {ADDED}\nvisualizer = dict(vis_backends=b)', {}, BOTH),
        ('', '', {'vis_backends.0.type': 'WandbVisBackend'}, ['WandbVisBa']),
        (
            '',
            f'vis_backends = {ADDED}',
            {'visualizer.vis_backends': [dict(type='LocalVisBackend')]},
            ONE,
        ),
    ],
)
def test_the_last_word_counts(tmp_path, middle, child, options, kinds):
    files = [tmp_path / f'{name}.py' for name in ('base', 'middle', 'child')]
    files[0].write_text(BASE)
    files[1].write_text(f"_base_ = ['base.py']\n{middle}\n")
    files[2].write_text(f"_base_ = './middle.py'\n{child}\n")
    cfg = load_config(str(files[2]), options)
    found = [part.type for part in cfg.visualizer.vis_backends]
    assert [kind[: len(k)] for kind, k in zip(found, kinds)] == kinds
    assert len(found) == len(kinds)


@pytest.mark.parametrize('kind', ['Wandb', 'Tensorboard', 'MLflow'])
def test_a_missing_package_names_the_command(monkeypatch, kind):
    parts = [dict(type='LocalVisBackend'), dict(type=f'{kind}VisBackend')]
    cfg = Config(dict(visualizer=dict(vis_backends=parts)))
    monkeypatch.setattr(vis_backends, 'find_spec', lambda _: None)
    with pytest.raises(
        ImportError,
        match=f"{kind}VisBackend, .*'pip install .*{kind.lower()}'",
    ):
        vis_backends.check_vis_backends(cfg)
    monkeypatch.setattr(vis_backends, 'find_spec', lambda _: True)
    vis_backends.check_vis_backends(cfg)
