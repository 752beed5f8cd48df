"""What the paper reports, row by row, and the config of each row.

"Balanced Learning for Domain Adaptive Semantic Segmentation" (BLDA, ICML
2025), Tables 1 to 4 and 9, on the validation set of Cityscapes.
"""

from dataclasses import dataclass
from difflib import get_close_matches

# Sec. 4.1 has 40k iterations for all methods, Table 13 250k for DACS.
TABLE = """
row                     tables  config                         mIoU  std   mAcc  std
gta/dacs                1,3     dacs/dacs_r101_40k             52.1  27.1  65.8  26.5
gta/dacs+blda           1,3     dacs/dacs_blda_r101_40k        54.7  25.6  69.0  24.2
gta/dacs-250k           1,3     dacs/dacs_r101_250k            52.1  27.1  65.8  26.5
gta/dacs-250k+blda      1,3     dacs/dacs_blda_r101_250k       54.7  25.6  69.0  24.2
gta/daformer-c          1,3     daformer/daformer_r101_40k         56.2  24.0  69.3  23.8
gta/daformer-c+blda     1,3     daformer/daformer_blda_r101_40k    58.1  23.2  74.9  21.6
gta/daformer            1,3,4   daformer/daformer_mit-b5_40k       68.3  16.8  77.8  14.2
gta/daformer+posthoc    4       daformer/daformer_posthoc_mit-b5_40k     69.2  -  80.3  -
gta/daformer+ola-source 4       daformer/daformer_ola-source_mit-b5_40k  68.9  -  79.5  -
gta/daformer+ola        4       daformer/daformer_ola_mit-b5_40k         70.2  -  81.8  -
gta/daformer+blda       1,3,4   daformer/daformer_blda_mit-b5_40k  70.7  15.5  82.0  11.9
gta/hrda                1,3     hrda/hrda_mit-b5_40k           73.8  15.4  82.2  13.2
gta/hrda+blda           1,3     hrda/hrda_blda_mit-b5_40k      75.6  13.8  85.1  10.7
gta/mic                 1,3     mic/mic_hrda_mit-b5_40k        75.9  14.8  83.2  11.6
gta/mic+blda            1,3     mic/mic_hrda_blda_mit-b5_40k   77.1  13.5  86.3   9.8
synthia/daformer        2,9     daformer/daformer_mit-b5_40k       60.9  22.1  70.7  25.1
synthia/daformer+blda   2,9     daformer/daformer_blda_mit-b5_40k  64.0  20.6  75.1  23.6
synthia/hrda            2,9     hrda/hrda_mit-b5_40k           65.8  21.4  78.6  21.2
synthia/hrda+blda       2,9     hrda/hrda_blda_mit-b5_40k      67.9  19.3  82.4  17.9
synthia/mic             2,9     mic/mic_hrda_mit-b5_40k        67.3  21.0  79.2  21.2
synthia/mic+blda        2,9     mic/mic_hrda_blda_mit-b5_40k   69.1  20.4  82.4  19.4
"""  # noqa: E501
POST_HOC = '+posthoc'


@dataclass(frozen=True)
class PublishedRow:
    """One row of the paper's tables.

    Attributes:
        name: Source and method, 'gta/daformer+blda' for one.
        tables: Numbers of the tables that have it.
        config: Its config, from the root of the repository.
        scores: Published scores by key of ``BalancedIoUMetric``: means in
            percent and, where the paper has them, population standard
            deviations over classes in points.
    """

    name: str
    tables: tuple[int, ...]
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
    # the paper's means for SYNTHIA are over the 16 classes that it has
    ending = '_synthia16' if source == 'synthia' else ''
    keys = [k + ending for k in ('mIoU', 'IoU_std', 'mAcc', 'Acc_std')]
    values = [None if n == '-' else float(n) for n in numbers]
    return PublishedRow(
        name,
        tuple(map(int, tables.split(','))),
        f'configs/{config}_{source}2cityscapes-{crop}.py',
        dict(zip(keys, values, strict=True)),
    )


ROWS = tuple(_parse(line) for line in TABLE.strip().splitlines()[1:])


def find_row(name: str) -> PublishedRow:
    """The row of a name.

    Args:
        name: 'gta/daformer+blda' for one.

    Returns:
        The row.

    Raises:
        ValueError: There is none; shows names like it.
    """
    rows = {row.name: row for row in ROWS}
    if name not in rows:
        close = get_close_matches(name, rows, 5, 0.4) or rows
        raise ValueError(
            f'no row {name!r}; did you mean {", ".join(close)}? --list shows '
            'all rows'
        )
    return rows[name]


def shown(score: float | None) -> str:
    """A score as the paper prints it; a dash where it has none."""
    return '-' if score is None else f'{score:.1f}'


def list_rows() -> str:
    """Row, tables of the paper, config, and published scores of each."""
    heads = ('row', 'tables', 'config', 'mIoU', 'std', 'mAcc', 'std')
    lines = [heads]
    for row in ROWS:
        scores = [shown(value) for value in row.scores.values()]
        tables = ','.join(map(str, row.tables))
        lines.append((row.name, tables, row.config, *scores))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return '\n'.join(
        '  '.join(
            # numbers to the right
            word.rjust(width) if i > 2 else word.ljust(width)
            for i, (word, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )
