"""What the papers report, row by row, and the config of each row.

On the validation set of Cityscapes:

- B: "Balanced Learning for Domain Adaptive Semantic Segmentation" (BLDA, ICML
  2025), Tables 1 to 4, 9 and 17.
- G: "Gradient-based Class Weighting for Unsupervised Domain Adaptation in
  Dense Prediction Visual Tasks" (GBW, 2024), Tables 1, 3, 4 and 5.
- P: "Synthetic to Realistic Imbalanced Domain Adaption for Urban Scene
  Perception" (PHFA, TII 2022), Tables 2 to 4: on 30 target images. Its
  columns of BDL are phfa-aa-it-sg here, and of CLAN there is no config.

Panoptic rows are of Table 3 of G, or of no paper, to be set beside them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ..errors import UserValueError
from .recipes import NOTES, level_of, notes_of

# Sec. 4.1 of BLDA has 40k iterations for all methods, its Table 13 250k for
# DACS. *: mean over 13 classes.
TABLE = """
row                                    tables              config                                                 mIoU    std  mAcc   std
gta/dacs                               B1,B3,G1            dacs/dacs_r101_40k                                     52.1   27.1  65.8  26.5
gta/dacs+blda                          B1,B3               dacs/dacs_blda_r101_40k                                54.7   25.6  69.0  24.2
gta/dacs-250k                          B1,B3               dacs/dacs_r101_250k                                    52.1   27.1  65.8  26.5
gta/dacs-250k+blda                     B1,B3               dacs/dacs_blda_r101_250k                               54.7   25.6  69.0  24.2
gta/dacs-original                      G1                  dacs/dacs_original_r101_250k                           52.1      -     -     -
gta/dacs-original+gbw                  G1                  dacs/dacs_original-gbw_r101_250k                       55.4      -     -     -
gta/dacs+gbw                           G1                  dacs/dacs_gbw_r101_40k                                 55.4      -     -     -
gta/adaptsegnet                        G1                  adaptsegnet/adaptsegnet_r101_150k                      42.4      -     -     -
gta/adaptsegnet+gbw                    G1                  adaptsegnet/adaptsegnet_gbw_r101_150k                  45.5      -     -     -
gta/advent                             G1                  advent/advent_r101_120k                                43.8      -     -     -
gta/advent+gbw                         G1                  advent/advent_gbw_r101_120k                            46.1      -     -     -
gta/daformer-c                         B1,B3               daformer/daformer_r101_40k                             56.2   24.0  69.3  23.8
gta/daformer-c+blda                    B1,B3               daformer/daformer_blda_r101_40k                        58.1   23.2  74.9  21.6
gta/daformer                           B1,B3,B4,B17,G1,G4  daformer/daformer_mit-b5_40k                           68.3   16.8  77.8  14.2
gta/daformer+posthoc                   B4                  daformer/daformer_posthoc_mit-b5_40k                   69.2      -  80.3     -
gta/daformer+ola-source                B4                  daformer/daformer_ola-source_mit-b5_40k                68.9      -  79.5     -
gta/daformer+ola                       B4                  daformer/daformer_ola_mit-b5_40k                       70.2      -  81.8     -
gta/daformer+blda                      B1,B3,B4            daformer/daformer_blda_mit-b5_40k                      70.7   15.5  82.0  11.9
gta/daformer+gbw                       G1,G4               daformer/daformer_gbw_mit-b5_40k                       69.2      -     -     -
gta/daformer+uniform                   B17,G4              daformer/daformer_uniform_mit-b5_40k                   61.7      -  76.9  15.3
gta/daformer+uniform-focal             B17                 daformer/daformer_uniform-focal_mit-b5_40k             -         -  74.2  15.2
gta/daformer+uniform-class-balanced    B17                 daformer/daformer_uniform-class-balanced_mit-b5_40k    -         -  80.2  12.6
gta/daformer+uniform-logit-adjustment  B17                 daformer/daformer_uniform-logit-adjustment_mit-b5_40k  -         -  81.5  12.2
gta/daformer+uniform-blda              B17                 daformer/daformer_uniform-blda_mit-b5_40k              -         -  81.7  10.9
gta/daformer+uniform-gbw               G4                  daformer/daformer_uniform-gbw_mit-b5_40k               65.2      -     -     -
gta/cdac                               B1,B3               cdac/cdac_mit-b5_40k                                   69.2   16.7  78.7  13.8
gta/cdac+blda                          B1,B3               cdac/cdac_blda_mit-b5_40k                              71.0   15.4  82.5  11.5
gta/hrda                               B1,B3,G1,G4         hrda/hrda_mit-b5_40k                                   73.8   15.4  82.2  13.2
gta/hrda+blda                          B1,B3               hrda/hrda_blda_mit-b5_40k                              75.6   13.8  85.1  10.7
gta/hrda+gbw                           G1,G4,G5            hrda/hrda_gbw_mit-b5_40k                               74.7      -     -     -
gta/hrda+inverse-image                 G4                  hrda/hrda_inverse-image_mit-b5_40k                     71.3      -     -     -
gta/hrda+inverse-pixel                 G4                  hrda/hrda_inverse-pixel_mit-b5_40k                     30.7      -     -     -
gta/hrda+lbw                           G4                  hrda/hrda_lbw_mit-b5_40k                               72.9      -     -     -
gta/hrda+focal                         G4                  hrda/hrda_focal_mit-b5_40k                             68.9      -     -     -
gta/hrda+focal-inverse-image           G4                  hrda/hrda_focal-inverse-image_mit-b5_40k               68.5      -     -     -
gta/hrda+focal-inverse-pixel           G4                  hrda/hrda_focal-inverse-pixel_mit-b5_40k               64.0      -     -     -
gta/hrda+focal-lbw                     G4                  hrda/hrda_focal-lbw_mit-b5_40k                         68.9      -     -     -
gta/hrda+focal-gbw                     G4                  hrda/hrda_focal-gbw_mit-b5_40k                         70.1      -     -     -
gta/hrda+gbw-0.01                      G5                  hrda/hrda_gbw-0.01_mit-b5_40k                          56.0      -     -     -
gta/hrda+gbw-0.1                       G5                  hrda/hrda_gbw-0.1_mit-b5_40k                           73.5      -     -     -
gta/hrda+gbw-0.5                       G5                  hrda/hrda_gbw-0.5_mit-b5_40k                           73.8      -     -     -
gta/hrda+gbw-2.0                       G5                  hrda/hrda_gbw-2.0_mit-b5_40k                           73.8      -     -     -
gta/hrda+gbw-10.0                      G5                  hrda/hrda_gbw-10.0_mit-b5_40k                          73.2      -     -     -
gta/mic                                B1,B3,G1            mic/mic_hrda_mit-b5_40k                                75.9   14.8  83.2  11.6
gta/mic+blda                           B1,B3               mic/mic_hrda_blda_mit-b5_40k                           77.1   13.5  86.3   9.8
gta/mic+gbw                            G1                  mic/mic_hrda_gbw_mit-b5_40k                            76.4      -     -     -
gta/phfa-source-only                   P2,P4               phfa/phfa_source-only_r101_200k                        36.6      -     -     -
gta/phfa-aa                            P2,P4               phfa/phfa_aa_r101_200k                                 38.9      -     -     -
gta/phfa-aa-it                         P4                  phfa/phfa_aa-it_r101_200k                              44.0      -     -     -
gta/phfa-aa-it-sg                      P2,P4               phfa/phfa_aa-it-sg_r101_200k                           45.6      -     -     -
gta/phfa                               P2,P4               phfa/phfa_r101_200k                                    46.8      -     -     -
gta/sim                                P2                  sim/sim_r101_200k                                      39.1      -     -     -
gta/sim+ssl                            P2                  sim/sim_ssl_r101_200k                                  41.5      -     -     -
synthia/dacs                           G1                  dacs/dacs_r101_40k                                     48.3      -     -     -
synthia/dacs-original                  G1                  dacs/dacs_original_r101_250k                           48.3      -     -     -
synthia/dacs-original+gbw              G1                  dacs/dacs_original-gbw_r101_250k                       50.1      -     -     -
synthia/dacs+gbw                       G1                  dacs/dacs_gbw_r101_40k                                 50.1      -     -     -
synthia/adaptsegnet                    G1                  adaptsegnet/adaptsegnet_r101_150k                      46.7*     -     -     -
synthia/adaptsegnet+gbw                G1                  adaptsegnet/adaptsegnet_gbw_r101_150k                  50.7*     -     -     -
synthia/advent                         G1                  advent/advent_r101_120k                                38.1      -     -     -
synthia/advent+gbw                     G1                  advent/advent_gbw_r101_120k                            41.2      -     -     -
synthia/daformer                       B2,B9,G1            daformer/daformer_mit-b5_40k                           60.9   22.1  70.7  25.1
synthia/daformer+blda                  B2,B9               daformer/daformer_blda_mit-b5_40k                      64.0   20.6  75.1  23.6
synthia/daformer+gbw                   G1                  daformer/daformer_gbw_mit-b5_40k                       62.3      -     -     -
synthia/hrda                           B2,B9,G1            hrda/hrda_mit-b5_40k                                   65.8   21.4  78.6  21.2
synthia/hrda+blda                      B2,B9               hrda/hrda_blda_mit-b5_40k                              67.9   19.3  82.4  17.9
synthia/hrda+gbw                       G1                  hrda/hrda_gbw_mit-b5_40k                               66.8      -     -     -
synthia/mic                            B2,B9               mic/mic_hrda_mit-b5_40k                                67.3   21.0  79.2  21.2
synthia/mic+blda                       B2,B9               mic/mic_hrda_blda_mit-b5_40k                           69.1   20.4  82.4  19.4
synthia/mic+gbw                        G1                  mic/mic_hrda_gbw_mit-b5_40k                            68.8      -     -     -
synthia/phfa-source-only               P3                  phfa/phfa_source-only_r101_200k                        38.6*     -     -     -
synthia/phfa-aa                        P3                  phfa/phfa_aa_r101_200k                                 43.3*     -     -     -
synthia/phfa-aa-it-sg                  P3                  phfa/phfa_aa-it-sg_r101_200k                           46.9*     -     -     -
synthia/phfa                           P3                  phfa/phfa_r101_200k                                    51.0*     -     -     -
synthia/sim                            P3                  sim/sim_r101_200k                                      41.1*     -     -     -
synthia/sim+ssl                        P3                  sim/sim_ssl_r101_200k                                  43.6*     -     -     -
"""  # noqa: E501
PANOPTIC_TABLE = """
row                        tables  config                                 mPQ   mSQ   mRQ
synthia/edaps              G3      edaps/edaps_mit-b5_40k                 41.2  72.7  53.6
synthia/edaps+gbw          G3      edaps/edaps_gbw_mit-b5_40k             43.0  73.2  55.9
synthia/edaps+blda         -       edaps/edaps_blda_mit-b5_40k            -     -     -
synthia/edaps-source-only  -       edaps/edaps_source-only_mit-b5_40k     -     -     -
synthia/edaps-oracle       -       edaps/edaps_oracle_mit-b5_40k          -     -     -
"""  # noqa: E501
KEYS = ('mIoU', 'IoU_std', 'mAcc', 'Acc_std')
PANOPTIC_KEYS = ('mPQ', 'mSQ', 'mRQ')
POST_HOC = '+posthoc'
NUM_NEAREST = 5


@dataclass(frozen=True)
class PublishedRow:
    """One row of the papers' tables.

    Attributes:
        name: Source and method, 'gta/daformer+blda' for one.
        tables: Papers and tables that have it, 'B1' for one; none: it
            stands beside rows of a paper.
        config: Its config, from the root of the repository.
        scores: Published scores by key of ``BalancedIoUMetric`` or
            ``PanopticQualityMetric``: means in percent and, where a paper
            has them, population standard deviations over classes in points.
            Those of one row may come from two papers, so from two trainings.
    """

    name: str
    tables: tuple[str, ...]
    config: str
    scores: dict[str, float | None]

    @property
    def trained_as(self) -> str:
        """Row that is trained: another one where it is balanced post hoc."""
        return self.name.removesuffix(POST_HOC)


def _parse(line: str) -> PublishedRow:
    name, tables, config, *numbers = line.split()
    source = name.split('/')[0]
    crop = '1024x1024' if 'hrda' in config else '512x512'
    # means for SYNTHIA are over the 16 classes that it has, or 13 of them
    ending = '_synthia13' if '*' in numbers[0] else '_synthia16'
    ending = ending if source == 'synthia' else ''
    numbers = [n.rstrip('*') for n in numbers]
    kinds = PANOPTIC_KEYS if len(numbers) == len(PANOPTIC_KEYS) else KEYS
    keys = [kind + ending for kind in kinds]
    values = [None if n == '-' else float(n) for n in numbers]
    pair = 'cityscapes' if 'oracle' in config else f'{source}2cityscapes'
    return PublishedRow(
        name,
        () if tables == '-' else tuple(tables.split(',')),
        f'configs/{config}_{pair}-{crop}.py',
        dict(zip(keys, values, strict=True)),
    )


ROWS = tuple(
    _parse(line)
    for table in (TABLE, PANOPTIC_TABLE)
    for line in table.strip().splitlines()[1:]
)


def find_row(name: str) -> PublishedRow:
    """The row of a name.

    Args:
        name: 'gta/daformer+blda' for one.

    Returns:
        The row.

    Raises:
        ValueError: There is none; shows the five names most like it.
    """
    rows = {row.name: row for row in ROWS}
    if name not in rows:
        raise UserValueError(
            f'no row {name!r}; the nearest are {", ".join(_nearest(name))}. '
            'A name is SOURCE/METHOD[+VARIANT]; --list shows all rows'
        )
    return rows[name]


def _nearest(name: str) -> list[str]:
    """Rows that contain a name, then those that are spelt most like it."""
    asked = name.lower()

    def likeness(row: str) -> tuple[bool, float]:
        pieces = (row, row.split('/')[1], *re.split(r'[/+]', row))
        ratios = [SequenceMatcher(None, p, asked).ratio() for p in pieces]
        # a piece that fits counts a little less than a whole name
        return asked in row, max(ratios[0], 0.9 * max(ratios[1:]))

    names = [row.name for row in ROWS]
    return sorted(names, key=likeness, reverse=True)[:NUM_NEAREST]


def shown(score: float | None) -> str:
    """A score as the paper prints it; a dash where it has none."""
    return '-' if score is None else f'{score:.1f}'


def is_panoptic(row: PublishedRow) -> bool:
    """Whether the scores of a row are those of segments."""
    return any(key.startswith('mPQ') for key in row.scores)


def list_rows() -> str:
    """Row, tables of the papers, config, scores and recipe of each.

    Panoptic rows stand in a table of their own. The recipe is how far the
    config is that of the published number; the numbers behind it are those
    of the notes below the tables.
    """
    semantic = [row for row in ROWS if not is_panoptic(row)]
    panoptic = [row for row in ROWS if is_panoptic(row)]
    legend = [f'{i:3d}  {note.text}' for i, note in enumerate(NOTES, 1)]
    head = 'Recipes, and how they differ from those of the published numbers:'
    return '\n'.join(
        [
            _table(semantic, ('mIoU', 'std', 'mAcc', 'std')),
            '',
            _table(panoptic, PANOPTIC_KEYS),
            '',
            head,
            *legend,
        ]
    )


def _table(rows: Sequence[PublishedRow], keys: Sequence[str]) -> str:
    lines: list[tuple[str, ...]] = [
        ('row', 'tables', 'config', *keys, 'recipe')
    ]
    for row in rows:
        scores = [shown(value) for value in row.scores.values()]
        tables = ','.join(row.tables) or '-'
        notes = ','.join(str(NOTES.index(n) + 1) for n in notes_of(row.name))
        recipe = f'{level_of(row.name)} {notes}'
        lines.append((row.name, tables, row.config, *scores, recipe))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return '\n'.join(
        '  '.join(
            # numbers to the right
            word.rjust(width) if 2 < i < 3 + len(keys) else word.ljust(width)
            for i, (word, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
