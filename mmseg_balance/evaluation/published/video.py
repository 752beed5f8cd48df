"""Rows of video segmentation: Tables 11 and 12 of BLDA, and TPS.

MIC and HRDA are methods on single images. Their numbers are of UVDA's family
of code, that of TPS is of DA-VSN's. The two count by rules of their own, which
the keys name.
"""

from .row import PublishedRow, parse_scores, parse_tables

TABLES = {
    'uvda': """
row                            tables  config                                                mIoU   std
viper2cityscapes-seq/mic       B11     mic_hrda_r101_40k_viper2cityscapes-seq-1024x1024      68.3  21.7
viper2cityscapes-seq/mic+blda  B11     mic_hrda_blda_r101_40k_viper2cityscapes-seq-1024x1024 69.7  19.7
viper2bddvid/hrda              B12     hrda_r101_40k_viper2bddvid-720x720                    49.2  25.2
viper2bddvid/hrda+blda         B12     hrda_blda_r101_40k_viper2bddvid-720x720               50.8  23.4
""",  # noqa: E501
    'davsn': """
row                            tables  config                                                mIoU   std
viper2cityscapes-seq/tps       -       tps_accel-r101_40k_viper2cityscapes-seq-512x1024      48.9     -
viper2cityscapes-seq/tps+blda  -       tps_blda_accel-r101_40k_viper2cityscapes-seq-512x1024    -     -
""",  # noqa: E501
}
DATASETS = {
    'viper2cityscapes-seq': 'Cityscapes-Seq',
    'viper2bddvid': 'BDDVid',
}
NOT_BUILT = {
    'viper2cityscapes-seq/pat': (
        'PAT (Mai et al., AAAI 2024; 54.5 mIoU, std 24.0, in Table 11 of '
        'BLDA): no code, no equation and no setting of it is public, so that '
        'a row of that name would be invented. Its numbers are probably by '
        "the rule 'davsn', beside which those of MIC do not stand. The "
        'temporal method that is there in its place is '
        'viper2cityscapes-seq/tps, as what it is'
    ),
    'viper2cityscapes-seq/pat+blda': (
        'PAT + BLDA (56.6 mIoU, std 22.1, in Table 11 of BLDA): as PAT'
    ),
}
"""Rows of the tables that there is no config of, and why."""


def _parse(line: str, rule: str) -> PublishedRow:
    name, tables, config, *numbers = line.split()
    return PublishedRow(
        name,
        parse_tables(tables),
        f'configs/video/{config}.py',
        parse_scores((f'mIoU_{rule}', f'IoU_std_{rule}'), numbers),
        dataset=DATASETS[name.split('/')[0]],
    )


ROWS_BY_RULE = {
    rule: tuple(_parse(line, rule) for line in table.strip().splitlines()[1:])
    for rule, table in TABLES.items()
}
ROWS = tuple(row for rows in ROWS_BY_RULE.values() for row in rows)
