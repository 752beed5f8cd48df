"""Rows of classification: Table 10 of BLDA, on the validation set of VisDA."""

from .row import PublishedRow, parse_scores, parse_tables

# as the paper prints them, and as the data set names them
CLASSES = dict(
    plane='aeroplane',
    bcycl='bicycle',
    bus='bus',
    car='car',
    horse='horse',
    knife='knife',
    mcyle='motorcycle',
    persn='person',
    plant='plant',
    sktb='skateboard',
    train='train',
    truck='truck',
)
KEYS = ('mAcc', 'Acc_std', *(f'Acc.{name}' for name in CLASSES.values()))
HEADS = ('mAcc', 'std', *CLASSES)
TABLE = """
row             tables  config         mAcc   std  plane bcycl bus  car  horse knife mcyle persn plant sktb train truck
visda/mcc       B10     mcc_r101_30k       78.8  14.4  88.1  80.3 80.5 71.5 90.1  93.2  85.0  71.6  89.4  73.8 85.0  36.9
visda/sdat      B10     sdat_r101_30k      84.3  11.9  95.8  85.5 76.9 69.0 93.5  97.4  88.5  78.2  93.1  91.6 86.3  55.3
visda/mic       B10     mic_r101_30k       86.9  11.3  96.7  88.5 84.2 74.3 96.0  96.3  90.2  81.2  94.3  95.4 88.9  56.6
visda/mic+blda  B10     mic_blda_r101_30k  89.1   8.7  96.2  90.3 82.8 81.2 95.7  96.7  93.4  86.5  95.7  94.3 91.0  65.7
"""  # noqa: E501


def _parse(line: str) -> PublishedRow:
    name, tables, config, *numbers = line.split()
    return PublishedRow(
        name,
        parse_tables(tables),
        f'configs/classification/{config}_visda2017-224x224.py',
        parse_scores(KEYS, numbers),
        task='Image Classification',
        dataset='VisDA-2017',
    )


ROWS = tuple(map(_parse, TABLE.strip().splitlines()[1:]))
