import re

import numpy as np
import pytest
from helpers.paths import ROOT
from helpers.reference import REFERENCE

from mmseg_balance.evaluation.published import panoptic
from mmseg_balance.evaluation.published.listing import list_rows
from mmseg_balance.evaluation.published.note import LEVELS
from mmseg_balance.evaluation.published.recipes import (
    NOTES,
    describe_recipe,
    level_of,
    notes_of,
)
from mmseg_balance.evaluation.published.row import PublishedRow
from mmseg_balance.evaluation.published.rows import ROWS, find_row
from mmseg_balance.evaluation.published.segmentation import KEYS, parse_row

# methods of Table 1 of the GBW paper, by the beginning of their lines
GBW_METHODS = {
    'advent': 'Convolutional\tOutput [47]',
    'adaptsegnet': '\tFeature [44]',
    'dacs': '\tInput [43]',
    'daformer': 'Transformer\tOutput + Input [16]',
    'hrda': '\tOutput + Input [17]',
    'mic': '\tOutput + Input [18]',
}
METHODS = {
    'DACS*': 'dacs',
    'DAFormer(C)*': 'daformer-c',
    'DAFormer': 'daformer',
    'HRDA': 'hrda',
    'MIC': 'mic',
    'CDAC*': 'cdac',
}
# rows of Table 17, by the beginning of their names
UNIFORM = {
    'bas': 'gta/daformer+uniform',
    '[1]': 'gta/daformer+uniform-focal',
    '[2]': 'gta/daformer+uniform-class-balanced',
    '[3]': 'gta/daformer',
    '[4]': 'gta/daformer+uniform-logit-adjustment',
    '+BL': 'gta/daformer+uniform-blda',
}


@pytest.fixture(scope='module')
def paper():
    """Tables 1, 2, 3, 9, 17: {(row, table): (columns, mean, std)}."""
    file = REFERENCE / 'blda_tables.tsv'
    table, method, rows = None, None, {}
    for line in file.read_text().splitlines():
        heading = re.match(r'Table (\d+):', line)
        table = int(heading[1]) if heading else table
        columns = line.split('\t')
        if table not in (1, 2, 3, 9, 17) or len(columns) != 23:
            continue
        if table == 17:
            if columns[0] != 'Method':
                values = [float(c) for c in columns[2:21]]
                key = UNIFORM[columns[0][:3]]
                rows[key, table] = (values, *map(float, columns[21:]))
            continue
        source = 'gta' if table in (1, 3) else 'synthia'
        name = re.sub(r' ?\([^()]* et al\., .*', '', columns[0])
        if name == '+BLDA' and method:
            key = f'{source}/{method}+blda'
        elif METHODS.get(name) and columns[0] != 'Method':
            method = METHODS[name]
            key = f'{source}/{method}'
        else:
            method = None
            continue
        values = [float(c) for c in columns[2:21] if c != '-']
        rows[key, table] = (values, *map(float, columns[21:]))
    return rows


def test_every_number_is_the_papers(paper):
    found = set()
    for row in ROWS:
        published = list(row.scores.values())
        for table in row.tables:
            # see test_classification_rows.py and test_video_rows.py
            if table in ('B4', 'B10', 'B11', 'B12') or table[0] in 'GP':
                continue
            table = int(table[1:])
            # the 250k rows are those of the paper's one DACS
            key = (row.name.replace('-250k', ''), table)
            found.add(key)
            _, mean, std = paper[key]
            first = 0 if table in (1, 2) else 2
            assert published[first : first + 2] == [mean, std], key
    assert found == set(paper)
    assert len(found) == 20 + 12 + 6 + 4


def test_printed_means_are_those_of_the_columns(paper):
    for (name, table), (values, mean, std) in paper.items():
        assert len(values) == (19 if name.startswith('gta') else 16)
        # CDAC, and HRDA and MIC with BLDA, are up to 0.3 off their columns
        loose = table == 1 and ('blda' in name or name == 'gta/cdac')
        off = 0.31 if loose else 0.2
        assert np.mean(values) == pytest.approx(mean, abs=off), name
        if (name, table) != ('gta/cdac+blda', 3):  # 10.6 is printed as 11.5
            assert np.std(values) == pytest.approx(std, abs=0.1), name


def test_ablation_is_table_4():
    # None, Post-hoc, OLA_S, OLA, OLA + CDE
    expected = [
        ('gta/daformer', 68.3, 77.8),
        ('gta/daformer+posthoc', 69.2, 80.3),
        ('gta/daformer+ola-source', 68.9, 79.5),
        ('gta/daformer+ola', 70.2, 81.8),
        ('gta/daformer+blda', 70.7, 82.0),
    ]
    rows = [row for row in ROWS if 'B4' in row.tables]
    assert expected == [
        (row.name, row.scores['mIoU'], row.scores['mAcc']) for row in rows
    ]
    assert [row.trained_as for row in rows] == [
        'gta/daformer',
        'gta/daformer',
        *(row.name for row in rows[2:]),
    ]


def cells(start):
    """The line of the GBW paper that starts so, split at its tabs."""
    text = (REFERENCE / 'gbw_tables.tsv').read_text().splitlines()
    (line,) = [line for line in text if line.startswith(start)]
    return line.split('\t')


def test_rows_with_gbw_are_table_1_of_its_paper():
    scores = {
        row.name: next(iter(row.scores.values()))
        for row in ROWS
        if 'G1' in row.tables
    }
    # the same numbers beside the recipe that made them
    for name in [name for name in scores if 'original' in name]:
        same = name.replace('-original', '')
        assert scores.pop(name) == scores[same]
    expected = {}
    for method, start in GBW_METHODS.items():
        numbers = cells(start)[-4:]
        for i, name in enumerate(
            (f'gta/{method}', f'gta/{method}+gbw')
            + (f'synthia/{method}', f'synthia/{method}+gbw')
        ):
            expected[name] = float(numbers[i].strip('*'))
    # those of BLDA's tables differ, and stay
    del expected['synthia/mic']
    assert scores == expected


def test_rows_with_gbw_are_tables_4_and_5_of_its_paper():
    def miou(name):
        return find_row(name).scores['mIoU']

    both = cells('mIoU\t61.7')
    sampling, plain = both[1:5], both[6:]
    assert sampling == [
        str(miou(f'gta/daformer{name}'))
        for name in ('+uniform', '+uniform-gbw', '', '+gbw')
    ]
    focal = cells('Gain\t0\t3.5')[6:]
    kinds = ('inverse-image', 'inverse-pixel', 'lbw', 'gbw')
    assert plain == [
        str(miou(f'gta/hrda{name}'))
        for name in ('', *(f'+{k}' for k in kinds))
    ]
    assert focal == [
        str(miou(f'gta/hrda+focal{name}'))
        for name in ('', *(f'-{k}' for k in kinds))
    ]
    # 73.2 without GBW is another run than that of Tables 1 and 4
    scales = cells('λ\t')[2:]
    values = cells('mIoU\t73.2')[2:]
    for scale, value in zip(scales, values, strict=True):
        name = '' if scale == '1' else f'-{float(scale)}'
        assert miou(f'gta/hrda+gbw{name}') == float(value)


def columns_of(table):
    """Columns of Table 2 or 3 of PHFA's paper, by the name of the method."""
    text = (REFERENCE / 'phfa_tables.tsv').read_text()
    block = re.search(rf'Table {table}:[^\n]*\n(.*?)(\n\n|$)', text, re.S)[1]
    head, *lines = (line.split('\t') for line in block.splitlines())
    return {
        name: [float(line[i]) for line in lines]
        for i, name in enumerate(head[1:], 1)
    }


PHFA_METHODS = {
    'FCN (baseline)': 'phfa-source-only',
    'AdaptSegNet': 'phfa-aa',
    'SIM': 'sim',
    'BDL': 'phfa-aa-it-sg',
    'SIM with SSL': 'sim+ssl',
    'Ours (PHFA)': 'phfa',
}


@pytest.mark.parametrize('table, source', [(2, 'gta'), (3, 'synthia')])
def test_rows_on_few_target_images_are_tables_2_and_3(table, source):
    columns = columns_of(table)
    assert columns.keys() - PHFA_METHODS.keys() == {'CLAN'}
    for name, (*classes, mean) in columns.items():
        assert len(classes) == {2: 19, 3: 13}[table]
        assert np.mean(classes) == pytest.approx(mean, abs=0.06)
        if name in PHFA_METHODS:
            row = find_row(f'{source}/{PHFA_METHODS[name]}')
            assert next(iter(row.scores.values())) == mean
            assert f'P{table}' in row.tables
    found = [row for row in ROWS if f'P{table}' in row.tables]
    assert len(found) == len(PHFA_METHODS)


def test_ablation_on_few_target_images_is_table_4():
    text = (REFERENCE / 'phfa_tables.tsv').read_text()
    lines = text[text.index('Table 4:') :].splitlines()[2:]
    printed = [line.split('\t') for line in lines if line]
    rows = [row for row in ROWS if 'P4' in row.tables]
    for row, (parts, mean) in zip(rows, printed, strict=True):
        assert row.scores['mIoU'] == float(mean)
        own = row.name.removeprefix('gta/phfa')
        expected = dict(zip(
            ('FCN', 'FCN+AA', 'FCN+AA+IT', 'FCN+AA+IT+SG',
             'FCN+AA+IT+SG+HFA'),
            ('-source-only', '-aa', '-aa-it', '-aa-it-sg', ''),
            strict=True,
        ))  # fmt: skip
        assert own == expected[parts]


def test_every_row_has_a_config_of_its_own():
    configs = [row.config for row in ROWS]
    assert len(set(configs)) == len(configs)
    for row in ROWS:
        assert (ROOT / row.config).is_file(), row.config
        source, method = re.match(r'([\w-]+)/(\w+)', row.name).groups()
        others = dict(viper='video', visda='classification')
        if source[:5] in others:
            folder = others[source[:5]]
            assert row.config.startswith(f'configs/{folder}/')
            data = source.replace('visda', 'visda2017')
            assert f'_{data}-' in row.config and method in row.config
            assert ('blda' in row.config) == ('blda' in row.name)
            continue
        data = 'cityscapes' if 'oracle' in row.name else f'{source}2cityscapes'
        assert f'_{data}-' in row.config
        assert f'configs/{method}/' in row.config
        variant = re.search(r'\+(.*)', row.name)
        assert not variant or re.search(f'[-_]{variant[1]}_', row.config)
        assert ('-original' in row.name) == ('_original' in row.config)
        assert ('blda' in row.config) == ('blda' in row.name)


def test_every_config_of_the_tables_has_a_row():
    """Those of the paper's networks; others are variants of ours."""
    pattern = re.compile(
        r'(dacs|daformer|hrda|mic_hrda|cdac|advent|adaptsegnet|phfa|sim|edaps)'
        r'(_(?!r101|mit)[-\w.]+?)?_(r101|mit-b5)_(40k|120k|150k|200k|250k)_'
        r'((gta|synthia)2)?cityscapes-\d+x\d+'
    )
    files = {
        str(p.relative_to(ROOT))
        for p in (ROOT / 'configs').glob('*/*.py')
        if pattern.fullmatch(p.stem)
    }
    # BLDA's paper has no components on DACS, and no DACS on SYNTHIA; none
    # has both methods
    extra = {
        f
        for f in files
        if re.search('dacs_ola|dacs_blda.*_synthia|dacs_r101_250k_synthia', f)
        or 'gbw-blda' in f
        or re.search('cdac.*_synthia|adaptsegnet.*_40k', f)
        # first stages, image transfer alone, balance on top
        or re.search('phfa_(aa-it-hfa|blda|gbw)|phfa_aa-it_.*_synthia', f)
        or 'gbw-roi' in f
    }
    others = ('viper', 'visda')
    images = {r.config for r in ROWS if not r.name.startswith(others)}
    assert files - extra == images


def test_scores_are_named_as_the_metric_names_them():
    assert list(find_row('gta/mic').scores) == [
        'mIoU',
        'IoU_std',
        'mAcc',
        'Acc_std',
    ]
    assert find_row('synthia/mic').scores['mIoU_synthia16'] == 67.3


def test_every_row_has_a_recipe():
    used = set()
    for row in ROWS:
        notes = notes_of(row.name)
        assert notes, row.name
        used.update(notes)
        assert level_of(row.name) in LEVELS
    assert used == set(NOTES)


@pytest.mark.parametrize(
    ('row', 'level', 'words'),
    [
        ('gta/dacs', 'other', 'SGD, 250k iterations, COCO weights'),
        ('gta/dacs+gbw', 'other', 'jitter 0.25, no flips, best snapshot'),
        ('gta/dacs-original+gbw', 'close', 'the best of 50; --best'),
        ('gta/advent', 'other', 'the best of 60 snapshots'),
        ('gta/advent', 'other', 'align_corners'),
        ('synthia/advent', 'other', '38.1 and 41.2 may be the numbers'),
        ('gta/daformer+blda', 'close', 'min_pixels 500'),
        ('gta/daformer', 'close', 'cat_max_ratio 0.75'),
        ('gta/hrda', 'published', 'gtaHR2csHR_hrda.py'),
        ('synthia/mic+gbw', 'close', "mode='released'"),
        ('gta/phfa-aa', 'other', 'neither its 30 target images'),
        ('gta/phfa', 'other', 'the translator, trained before'),
        ('gta/phfa-aa-it-sg', 'other', 'call it BDL'),
        ('synthia/edaps', 'close', 'three of its faults are on'),
        ('synthia/edaps+gbw', 'close', 'does not say which losses'),
        ('synthia/edaps-oracle', 'other', 'no paper here'),
        ('viper2bddvid/hrda+blda', 'close', 'detail crops of 352'),
        ('viper2cityscapes-seq/mic', 'close', 'vans are ignored'),
    ],
)
def test_recipe_says_what_differs(row, level, words):
    first, *lines = describe_recipe(row).splitlines()
    assert first == f'recipe: {level}'
    assert any(words in line for line in lines)


@pytest.mark.parametrize(
    ('name', 'nearest'),
    [
        ('gta/dafromer', 'gta/daformer'),
        ('gta/daformr', 'gta/daformer'),
        ('GTA/MIC', 'gta/mic'),
        ('hrda blda', 'gta/hrda+blda'),
        ('gta/mic_blda', 'gta/mic+blda'),
        ('synthia/daformer+blad', 'synthia/daformer+blda'),
    ],
)
def test_unknown_row_shows_the_nearest(name, nearest):
    with pytest.raises(ValueError, match='^no row ') as error:
        find_row(name)
    shown = re.search(r'nearest are ([^ ]+(?:, [^ ]+)*)\. A', str(error.value))
    shown = shown[1].split(', ')
    assert shown[0] == nearest
    assert len(shown) == 5
    assert set(shown) <= {row.name for row in ROWS}


@pytest.mark.parametrize('name', ['blda', 'xyz', '?', ''])
def test_name_without_a_near_row_does_not_show_all(name):
    with pytest.raises(ValueError, match='--list shows all rows') as error:
        find_row(name)
    shown = [row.name for row in ROWS if f'{row.name},' in str(error.value)]
    assert 0 < len(shown) <= 5
    assert all(name in row for row in shown) or name in ('xyz', '?')


def test_rows_of_segments_are_table_3_of_gbw():
    for row, start in {
        'synthia/edaps': 'EDAPS [34]\t',
        'synthia/edaps+gbw': 'GBW (EDAPS)\t',
    }.items():
        keys = [f'{key}_synthia16' for key in ('mPQ', 'mSQ', 'mRQ')]
        numbers = [float(cell) for cell in cells(start)[1:]]
        assert find_row(row).scores == dict(zip(keys, numbers, strict=True))
        assert find_row(row).tables == ('G3',)
    row = find_row('synthia/edaps+blda')
    assert row.tables == ()
    assert set(row.scores.values()) == {None}


def test_list_shows_each_row_once():
    *tables, notes = list_rows().split('\n\n')
    heads, lines = zip(*(t.split('\n', 1) for t in tables))
    assert [head.split() for head in heads] == [
        'row tables config mIoU std mAcc std recipe'.split(),
        'row tables config mPQ mSQ mRQ recipe'.split(),
        'row tables config mIoU_uvda std_uvda recipe'.split(),
        'row tables config mIoU_davsn std_davsn recipe'.split(),
        # see test_classification_rows.py
        heads[4].split(),
    ]
    lines = '\n'.join(lines).splitlines()
    assert [line.split()[0] for line in lines] == [row.name for row in ROWS]
    for line, row in zip(lines, ROWS, strict=True):
        _, tables, config, *scores, level, numbers = line.split()
        assert config == row.config
        assert [None if s == '-' else float(s) for s in scores] == list(
            row.scores.values()
        )
        assert level == level_of(row.name)
        for number, note in zip(
            numbers.split(','), notes_of(row.name), strict=True
        ):
            assert f'{int(number):3d}  {note.text}' in notes


@pytest.mark.parametrize(
    'line, expected',
    [
        (
            'gta/cdac+blda B1,B3 cdac/cdac_mit-b5_40k 71.0 15.4 82.5 -',
            PublishedRow(
                'gta/cdac+blda',
                ('B1', 'B3'),
                'configs/cdac/cdac_mit-b5_40k_gta2cityscapes-512x512.py',
                dict(mIoU=71.0, IoU_std=15.4, mAcc=82.5, Acc_std=None),
            ),
        ),
        (
            'synthia/hrda+gbw G1 hrda/hrda_gbw 66.8 - - 9.5',
            PublishedRow(
                'synthia/hrda+gbw',
                ('G1',),
                'configs/hrda/hrda_gbw_synthia2cityscapes-1024x1024.py',
                dict(
                    mIoU_synthia16=66.8,
                    IoU_std_synthia16=None,
                    mAcc_synthia16=None,
                    Acc_std_synthia16=9.5,
                ),
            ),
        ),
        (
            'synthia/edaps-oracle - edaps/edaps_oracle_mit-b5_40k - - 60',
            PublishedRow(
                'synthia/edaps-oracle',
                (),
                'configs/edaps/edaps_oracle_mit-b5_40k_cityscapes-512x512.py',
                dict(
                    mPQ_synthia16=None,
                    mSQ_synthia16=None,
                    mRQ_synthia16=60.0,
                ),
            ),
        ),
        (
            'synthia/advent G1 advent/advent_r101 46.7* - - -',
            PublishedRow(
                'synthia/advent',
                ('G1',),
                'configs/advent/advent_r101_synthia2cityscapes-512x512.py',
                dict.fromkeys(
                    f'{key}_synthia13'
                    for key in ('mIoU', 'IoU_std', 'mAcc', 'Acc_std')
                )
                | dict(mIoU_synthia13=46.7),
            ),
        ),
    ],
)
def test_a_line_of_the_table(line, expected):
    kinds = panoptic.KEYS if 'edaps' in line else KEYS
    assert parse_row(line, kinds) == expected
