"""Rows of CamVid day -> dusk beside those that every pair has."""

from dataclasses import replace

from .group import Group, Row
from .pairs import GROUPS as PAIRS
from .pairs import LOSS, blda_row, config

DATA = 'camvid-day2camvid-dusk-192x192'
# its two heads have DAFormer's context, which those of the other rows lack
METHODS = dict(
    hrda='HRDA (heads with context)',
    mic_hrda='MIC (on HRDA, heads with context)',
)
BALANCES = {
    'inverse-image': 'inverse image frequency',
    'inverse-pixel': 'inverse pixel frequency',
    'lbw': 'LBW',
    'seesaw': 'Seesaw',
    'blv': 'BLV',
}


def rows() -> dict[str, Row]:
    """DACS and BLDA for comparison, and what is not in the pair's table."""
    own = PAIRS['camvid'].rows
    found = {method: own[method] for method in ('dacs', 'dacs_ola_tau0.5')}
    name, source = blda_row('dacs', 'DACS', DATA, 'ola', 0.5)
    found[name.replace('ola', 'ola-source')] = replace(
        source,
        name=source.name.replace('OLA', 'OLA on the source'),
        options=dict(source.options) | {f'{LOSS}.adjust': 'source'},
    )
    for key, shown in BALANCES.items():
        found[f'dacs_{key}'] = Row(
            f'DACS + {shown}', config('dacs', DATA), parts=(key,)
        )
    for method, shown in METHODS.items():
        found[method] = Row(shown, config(method, DATA))
        found |= [blda_row(method, shown, DATA, 'blda', 0.5)]
    return found


GROUPS: dict[str, Group] = {
    'camvid-more': replace(PAIRS['camvid'], rows=rows(), post_hoc=())
}
