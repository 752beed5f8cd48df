"""Rows of the tables of CamVid day -> dusk."""

from .group import Group, Row

DATA = 'lite0_500_camvid-day2camvid-dusk-256x256.py'
LOSS = 'model.segmentor.decode_head.loss_decode'
MAIN = {
    'source_only': Row('Source only', f'source_only/source_only_{DATA}'),
    'dacs': Row('DACS', f'dacs/dacs_{DATA}'),
} | {
    f'dacs_{kind}_tau{tau}': Row(
        f'DACS + {name}, tau {tau}',
        f'dacs/dacs_{kind}_{DATA}',
        {f'{LOSS}.tau': tau},
    )
    for kind, name in (
        ('ola-source', 'OLA on the source'),
        ('ola', 'OLA'),
        ('blda', 'BLDA (OLA + CDE)'),
    )
    for tau in (0.1, 0.5)
}
# Tables 5 to 8 of the paper, one setting changed at a time; at tau 0.5
ABLATION = {
    f'ablation_{name.replace(" ", "_")}': Row(
        f'BLDA, tau 0.5, {name}',
        f'dacs/dacs_blda_{DATA}',
        {f'{LOSS}.tau': 0.5, key: value},
    )
    for name, key, value in (
        ('K 1', f'{LOSS}.num_components', 1),
        ('K 3', f'{LOSS}.num_components', 3),
        ('momentum 0', f'{LOSS}.momentum', 0.0),
        ('momentum 0.9', f'{LOSS}.momentum', 0.9),
        ('T 1', f'{LOSS}.em_loops', 1),
        ('lambda 1', 'model.density_estimation.loss_weight', 1.0),
    )
}
# at a smaller crop and with fewer iterations: a table of their own
SHORT = 'lite0_300_camvid-day2camvid-dusk-192x192.py'
SMALL = {
    f'{short}{suffix}': Row(f'{name}{more}', f'{folder}{suffix}_{SHORT}')
    for short, name, folder in (
        ('daformer', 'DAFormer', 'daformer/daformer'),
        ('hrda', 'HRDA', 'hrda/hrda'),
        ('mic', 'MIC (on HRDA)', 'mic/mic_hrda'),
    )
    for suffix, more in (('', ''), ('_blda', ' + BLDA'))
}


def balance_rows(names: dict[str, str]) -> dict[str, Row]:
    """DACS with one balance method each, by its part of the config's name."""
    folder = 'camvid/balance_methods/dacs_'
    return {
        f'balance_{key}': Row(name, f'{folder}{key}_{SHORT}')
        for key, name in names.items()
    }


NONE = {'balance_none': Row('DACS', f'camvid/balance_methods/dacs_{SHORT}')}
BALANCE = NONE | balance_rows(
    {
        'rcs': '+ rare class sampling',
        'focal': '+ focal',
        'class-balanced': '+ class-balanced',
        'logit-adjustment': '+ logit adjustment',
        'gbw': '+ GBW',
        'blda': '+ BLDA',
        'gbw-blda': '+ GBW + BLDA',
    }
)
MORE = balance_rows(
    {
        'inverse-image': '+ inverse image frequency',
        'inverse-pixel': '+ inverse pixel frequency',
        'lbw': '+ LBW',
        'seesaw': '+ Seesaw',
        'blv': '+ BLV',
    }
)
GROUPS = {
    'main': Group(MAIN, 'camvid_day2dusk'),
    'small': Group(SMALL, 'camvid_day2dusk'),
    'ablation': Group(ABLATION, 'camvid_day2dusk'),
    'balance': Group(BALANCE, 'balance_methods'),
    'balance-more': Group(MORE, 'balance_methods'),
}
