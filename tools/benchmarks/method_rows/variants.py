"""Rows of DACS + BLDA that differ in one constant of it, or one option."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .group import Group
from .pairs import GROUPS as PAIRS
from .pairs import LOSS

Changes = Mapping[str, tuple[str, Mapping[str, Any]]]
BASE = 'dacs_blda_tau0.5'
# the other rows have what fits the run: warmup and min_samples of the loss,
# and alpha of the method, are 'auto'
CONSTANTS = {
    'warmup-1500': ('warm-up of 1,500 updates', {f'{LOSS}.warmup': 1500}),
    'min-samples-100': ('N_min of 100', {f'{LOSS}.min_samples': 100}),
    'alpha-0.999': ('alpha of 0.999', {'model.alpha': 0.999}),
    'papers': (
        'warm-up, N_min and alpha of the papers',
        {
            f'{LOSS}.warmup': 1500,
            f'{LOSS}.min_samples': 100,
            'model.alpha': 0.999,
        },
    ),
    'momentum-auto': (
        'a momentum that fits the run as well',
        {f'{LOSS}.momentum': 'auto'},
    ),
}
ASSIGNMENTS = {
    'soft': ('soft assignment', {f'{LOSS}.target_assignment': 'soft'}),
    'confidence': (
        'weights of confidence',
        {f'{LOSS}.target_assignment': 'confidence'},
    ),
    'threshold-0.9': (
        'pixels of confidence 0.9 alone',
        {f'{LOSS}.target_threshold': 0.9},
    ),
    'adjust-source': (
        'subtracted on source pixels alone',
        {f'{LOSS}.adjust': 'source'},
    ),
}

# Tables 5 to 8 of the paper
ABLATIONS = {
    'K-1': ('K 1', {f'{LOSS}.num_components': 1}),
    'K-3': ('K 3', {f'{LOSS}.num_components': 3}),
    'momentum-0': ('momentum 0', {f'{LOSS}.momentum': 0.0}),
    'momentum-0.9': ('momentum 0.9', {f'{LOSS}.momentum': 0.9}),
    'T-1': ('T 1', {f'{LOSS}.em_loops': 1}),
    'lambda-1': ('lambda 1', {'model.density_estimation.loss_weight': 1.0}),
}


def variants(own: Group, changes: Changes) -> Group:
    """DACS, DACS + BLDA, and this with one thing changed in each row.

    Args:
        own: The pair. What both tables have is trained once.
        changes: Name of a row in the table, and overrides, by row.
    """
    base = own.rows[BASE]
    changed = {
        f'{BASE}_{key}': replace(
            base,
            name=f'{base.name}, {name}',
            options=dict(base.options) | options,
        )
        for key, (name, options) in changes.items()
    }
    rows = {method: own.rows[method] for method in ('dacs', BASE)}
    return replace(own, rows=rows | changed, post_hoc=())


GROUPS = {
    f'{name}-{kind}': variants(own, changes)
    for kind, changes in (
        ('variants', CONSTANTS | ASSIGNMENTS),
        ('ablation', ABLATIONS),
    )
    for name, own in PAIRS.items()
    if BASE in own.rows
}
