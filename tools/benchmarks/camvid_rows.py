"""Rows of the CamVid tables: name in the table, config, overrides."""

DATA = 'lite0_500_camvid-day2camvid-dusk-256x256.py'
LOSS = 'model.segmentor.decode_head.loss_decode'
METHODS = {
    'source_only': ('Source only', f'source_only/source_only_{DATA}', {}),
    'dacs': ('DACS', f'dacs/dacs_{DATA}', {}),
}
METHODS |= {
    f'dacs_{kind}_tau{tau}': (
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
METHODS |= {
    f'ablation_{name.replace(" ", "_")}': (
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
MAIN = [method for method in METHODS if not method.startswith('ablation')]
# at a smaller crop and with fewer iterations: a table of their own
SMALL = 'lite0_300_camvid-day2camvid-dusk-192x192.py'
METHODS |= {
    f'{short}{suffix}': (f'{name}{more}', f'{folder}_{SMALL}', {})
    for short, name, config in (
        ('daformer', 'DAFormer', 'daformer/daformer'),
        ('hrda', 'HRDA', 'hrda/hrda'),
        ('mic', 'MIC (on HRDA)', 'mic/mic_hrda'),
    )
    for suffix, more, folder in (
        ('', '', config),
        ('_blda', ' + BLDA', f'{config}_blda'),
    )
}
BALANCE = {
    'none': 'DACS',
    'rcs': '+ rare class sampling',
    'focal': '+ focal',
    'class-balanced': '+ class-balanced',
    'logit-adjustment': '+ logit adjustment',
    'gbw': '+ GBW',
    'blda': '+ BLDA',
    'gbw-blda': '+ GBW + BLDA',
    'inverse-image': '+ inverse image frequency',
    'inverse-pixel': '+ inverse pixel frequency',
    'lbw': '+ LBW',
    'seesaw': '+ Seesaw',
    'blv': '+ BLV',
}
METHODS |= {
    f'balance_{key}': (
        name,
        'camvid/balance_methods/dacs_'
        + ('' if key == 'none' else f'{key}_')
        + SMALL,
        {},
    )
    for key, name in BALANCE.items()
}
# what a command without --methods runs
GROUPS = {
    'main': MAIN,
    'small': [
        f'{m}{b}' for m in ('daformer', 'hrda', 'mic') for b in ('', '_blda')
    ],
    'ablation': [m for m in METHODS if m.startswith('ablation')],
    'balance': [f'balance_{key}' for key in list(BALANCE)[:8]],
    'balance-more': [f'balance_{key}' for key in list(BALANCE)[8:]],
}
