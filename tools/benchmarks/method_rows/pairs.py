"""Rows of the tables of pairs of real domains: methods, each with balances."""

from collections.abc import Iterator
from dataclasses import replace

from .group import Data, Group, Row

LOSS = 'model.segmentor.decode_head.loss_decode'
TAUS = (0.1, 0.5, 1.0)
BALANCES = {
    'gbw-released': ('GBW, released', ('gbw',)),
    'gbw': ('GBW, normalized', ('gbw_normalized',)),
    'logit-adjustment': ('logit adjustment', ('logit-adjustment',)),
    'class-balanced': ('class-balanced', ('class-balanced',)),
    'focal': ('focal', ('focal',)),
    'rcs': ('rare class sampling', ('rcs',)),
}


def config(method: str, data: str) -> str:
    """Config of a method, alone."""
    folder = 'mic' if method.startswith('mic_') else method
    return f'{folder}/{method}_lite0_2k_{data}.py'


def blda_row(
    method: str, name: str, data: str, kind: str, tau: float
) -> tuple[str, Row]:
    """A method with OLA, or with OLA and CDE."""
    shown, options = {
        'ola': ('OLA', {'model.density_estimation': None}),
        'blda': ('BLDA (OLA + CDE)', {}),
    }[kind]
    return f'{method}_{kind}_tau{tau}', Row(
        f'{name} + {shown}, tau {tau:g}',
        config(method, data),
        {f'{LOSS}.tau': tau} | options,
        ('blda_auto',),
    )


def rows_on_blda(data: str, facts: Data) -> Iterator[tuple[str, Row]]:
    """DACS and BLDA at tau 0.5, and one balance method more."""
    start = f'{LOSS}.criterion'
    counted = {
        f'{start}.num_classes': facts.num_classes,
        f'{start}.counts': 'online',
    }
    gbw = {f'{LOSS}.warmup': 'auto', f'{LOSS}.min_samples': 'auto'}
    options = {
        'gbw': gbw,
        'gbw-released': gbw | {f'{start}.mode': 'released'},
        'logit-adjustment': counted | {f'{start}.type': 'LogitAdjustmentLoss'},
        'class-balanced': counted
        | {
            f'{start}.type': 'ClassBalancedLoss',
            f'{start}.beta': facts.beta,
        },
        'focal': {f'{start}.type': 'SoftmaxFocalLoss'},
        'rcs': {},
    }
    parts = {
        'gbw': ('gbw-blda',),
        'gbw-released': ('gbw-blda',),
        'rcs': ('blda_auto', 'rcs'),
    }
    for key, (name, _) in BALANCES.items():
        yield (
            f'dacs_blda_{key}',
            Row(
                f'DACS + BLDA, tau 0.5 + {name}',
                config('dacs', data),
                {f'{LOSS}.tau': 0.5} | options[key],
                parts.get(key, ('blda_auto',)),
            ),
        )


def rows(data: str, facts: Data) -> dict[str, Row]:
    """All rows of a pair, the most asked for first."""
    names = dict(source_only='Source only', dacs='DACS')
    more = dict(daformer='DAFormer', mic_daformer='MIC (on DAFormer)')
    found = {m: Row(name, config(m, data)) for m, name in names.items()}
    for tau in TAUS:
        for kind in ('ola', 'blda'):
            found |= [blda_row('dacs', 'DACS', data, kind, tau)]
    for key, (shown, parts) in BALANCES.items():
        for method, name in names.items():
            found[f'{method}_{key}'] = Row(
                f'{name} + {shown}', config(method, data), parts=parts
            )
    for method, name in more.items():
        found[method] = Row(name, config(method, data))
        found |= [blda_row(method, name, data, 'blda', 0.5)]
    found |= rows_on_blda(data, facts)
    # the source's logits alone are adjusted: there are no others
    found |= [
        blda_row('source_only', 'Source only', data, 'ola', tau)
        for tau in TAUS
    ]
    return found


def group(folder: str, data: str, facts: Data) -> Group:
    """The table of a pair."""
    return Group(
        rows(data, facts),
        folder,
        arguments=('--channels-last',),
        data=facts,
        sweeps=True,
        signals=True,
        post_hoc=('source_only', 'dacs', 'dacs_blda_tau0.5'),
    )


def sampling(temp: float, min_pixels: int) -> dict[str, float]:
    """Rare class sampling of a pair, as in its data's config."""
    return dict(class_temp=temp, min_pixels=min_pixels, min_crop_ratio=0.5)


def supervised(own: Group, folder: str, root: str) -> Group:
    """Rows of source only, scored on the source: plain supervised training.

    Args:
        own: The pair, whose trainings these are.
        folder: Of the results.
        root: Of the source's validation set.
    """
    return replace(
        own,
        rows={
            method: replace(row, name=row.name.replace('Source only', 'CE', 1))
            for method, row in own.rows.items()
            if method.startswith('source_only')
        },
        folder=folder,
        sweeps=False,
        post_hoc=(),
        test_options={'test_dataloader.dataset.data_root': root},
    )


GROUPS = {
    'camvid': group(
        'pairs/camvid_day2dusk',
        'camvid-day2camvid-dusk-192x192',
        Data(11, 'data/camvid_day_stats', sampling(0.01, 400), 406),
    ),
    'camvid2iddlite': group(
        'pairs/camvid2iddlite',
        'camvid2iddlite-192x192',
        Data(7, 'data/camvid2iddlite_stats', sampling(0.05, 200), 406),
    ),
    'carrots': group(
        'pairs/carrots_rgb2nir',
        'carrots-rgb2nir-256x256',
        Data(3, 'data/carrots_rgb_stats', sampling(0.1, 300), 192),
    ),
}
GROUPS['camvid-day'] = supervised(
    GROUPS['camvid'], 'pairs/camvid_day', 'data/camvid/day'
)
GROUPS['camvid-gpu'] = replace(
    GROUPS['camvid'],
    folder='pairs/camvid_gpu',
    sweeps=False,
    post_hoc=(),
    on_gpu=True,
)
