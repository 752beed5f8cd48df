"""Rows of DACS + BLDA that differ in one constant of it, or one option."""

from dataclasses import replace

from .group import Group
from .pairs import GROUPS as PAIRS
from .pairs import LOSS

BASE = 'dacs_blda_tau0.5'
# the other rows have what fits the run: warmup and min_samples of the loss,
# and alpha of the method, are 'auto'
CONSTANTS = {
    'warmup-1500': ('warm-up of 1,500 updates', {f'{LOSS}.warmup': 1500}),
    'min-samples-100': ('N_min of 100', {f'{LOSS}.min_samples': 100}),
    'alpha-0.999': ('alpha of 0.999', {'model.alpha': 0.999}),
    'papers': (
        "all three of the papers'",
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
}


def variants(own: Group) -> Group:
    """DACS, DACS + BLDA, and this with one thing changed in each row.

    Args:
        own: The pair. What both tables have is trained once.
    """
    base = own.rows[BASE]
    changed = {
        f'{BASE}_{key}': replace(
            base,
            name=f'{base.name}, {name}',
            options=dict(base.options) | options,
        )
        for key, (name, options) in (CONSTANTS | ASSIGNMENTS).items()
    }
    rows = {method: own.rows[method] for method in ('dacs', BASE)}
    return replace(own, rows=rows | changed, post_hoc=())


GROUPS = {
    f'{name}-variants': variants(own)
    for name, own in PAIRS.items()
    if BASE in own.rows
}
