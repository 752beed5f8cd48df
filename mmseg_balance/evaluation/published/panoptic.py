"""Rows of panoptic segmentation: Table 3 of GBW, and what stands beside it."""

from dataclasses import replace

from .segmentation import parse_row

KEYS = ('mPQ', 'mSQ', 'mRQ')
TABLE = """
row                        tables  config                                 mPQ   mSQ   mRQ
synthia/edaps              G3      edaps/edaps_mit-b5_40k                 41.2  72.7  53.6
synthia/edaps+gbw          G3      edaps/edaps_gbw_mit-b5_40k             43.0  73.2  55.9
synthia/edaps+blda         -       edaps/edaps_blda_mit-b5_40k            -     -     -
synthia/edaps-source-only  -       edaps/edaps_source-only_mit-b5_40k     -     -     -
synthia/edaps-oracle       -       edaps/edaps_oracle_mit-b5_40k          -     -     -
"""  # noqa: E501

ROWS = tuple(
    replace(parse_row(line, KEYS), task='Panoptic Segmentation')
    for line in TABLE.strip().splitlines()[1:]
)
