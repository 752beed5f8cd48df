"""Rows of video segmentation: Tables 11 and 12 of BLDA.

MIC and HRDA are methods on single images. Their numbers are of UVDA's family
of code, whose rule of counting the keys name.
"""

from .row import PublishedRow, parse_scores, parse_tables

KEYS = ('mIoU_uvda', 'IoU_std_uvda')
TABLE = """
row                            tables  config                                                mIoU   std
viper2cityscapes-seq/mic       B11     mic_hrda_r101_40k_viper2cityscapes-seq-1024x1024      68.3  21.7
viper2cityscapes-seq/mic+blda  B11     mic_hrda_blda_r101_40k_viper2cityscapes-seq-1024x1024 69.7  19.7
viper2bddvid/hrda              B12     hrda_r101_40k_viper2bddvid-720x720                    49.2  25.2
viper2bddvid/hrda+blda         B12     hrda_blda_r101_40k_viper2bddvid-720x720               50.8  23.4
"""  # noqa: E501
DATASETS = {
    'viper2cityscapes-seq': 'Cityscapes-Seq',
    'viper2bddvid': 'BDDVid',
}
NOT_BUILT = {
    'viper2cityscapes-seq/pat': (
        'PAT (Mai et al., AAAI 2024; 54.5 mIoU, std 24.0, in Table 11 of '
        'BLDA): no code, no equation and no setting of it is public, so that '
        'a row of that name would be invented. Its numbers are probably by '
        "the rule 'davsn', beside which those of MIC do not stand"
    ),
    'viper2cityscapes-seq/pat+blda': (
        'PAT + BLDA (56.6 mIoU, std 22.1, in Table 11 of BLDA): as PAT'
    ),
}
"""Rows of the tables that there is no config of, and why."""


def _parse(line: str) -> PublishedRow:
    name, tables, config, *numbers = line.split()
    return PublishedRow(
        name,
        parse_tables(tables),
        f'configs/video/{config}.py',
        parse_scores(KEYS, numbers),
        dataset=DATASETS[name.split('/')[0]],
    )


ROWS = tuple(map(_parse, TABLE.strip().splitlines()[1:]))
