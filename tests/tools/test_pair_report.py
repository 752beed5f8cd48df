"""tools/benchmarks/pair_report.py, its runs made up."""

import io
import json
import math
import re
from functools import cache

import numpy as np
import pytest
from PIL import Image

KEYS = ('mIoU', 'mAcc', 'Acc_std', 'IoU_std')
# of two degrees of freedom, from a printed table
T_95 = 4.303


GROUPS = dict(
    camvid_day2dusk='camvid',
    camvid2iddlite='camvid2iddlite',
    carrots_rgb2nir='carrots',
    camvid_day='camvid-day',
    camvid_gpu='camvid-gpu',
)


@pytest.fixture
def record(run_tool, tmp_path):
    """What a run of a row notes of its settings."""
    runs = run_tool.load('benchmarks/method_runs.py')
    rows = run_tool.load('benchmarks/method_table.py').GROUPS

    @cache
    def record(folder, method):
        group = rows[GROUPS[folder]]
        return runs.experiment(group, method, 0, tmp_path / 'work').record

    return record


@pytest.fixture
def write(tmp_path, record):
    def write(folder, method, seed, miou, sources='a', settings=None, **more):
        file = tmp_path / 'runs' / folder / f'{method}_seed{seed}.json'
        file.parent.mkdir(parents=True, exist_ok=True)
        part = dict.fromkeys(KEYS, 20.0) | dict(mIoU=miou)
        each = {'roadside objects': 9.0, 'a': 30.0, 'b': 40.0, 'c': math.nan}
        sweep = [
            part | dict(tau=tau, mIoU=miou + tau, IoU=each)
            for tau in (0.5, 1.0)
        ]
        part |= {f'IoU.{name}': iou for name, iou in each.items()}
        content = record(folder, method) | dict(
            sources=sources,
            student=part,
            teacher=part | dict(mIoU=miou - 1),
            tau_sweep=dict(scores=sweep),
        )
        if folder == 'camvid_gpu':
            content['device'] = 'H200'
        content['settings'] = (
            content['settings'] | dict(seed=seed) | (settings or {})
        )
        file.write_text(json.dumps(content | more))
        return file

    return write


@pytest.fixture
def start(run_tool, tmp_path):
    page = tmp_path / 'page.md'

    def start():
        page.write_text('before\n<!-- pairs -->\nold\n<!-- /pairs -->\nafter')
        run_tool(
            'benchmarks/pair_report.py',
            *('--runs', tmp_path / 'runs', '--page', page),
        )
        return page.read_text()

    return start


def rows(text, first):
    lines = [line.strip('| ').split(' | ') for line in text.splitlines()]
    return [line for line in lines if line[0] == first]


def test_tables_and_picture(start, write, tmp_path):
    gains = (2.0, 3.0, 4.5)
    for seed, gain in enumerate(gains):
        write('camvid_day2dusk', 'dacs', seed, 50.0 + seed)
        write('camvid_day2dusk', 'dacs_ola_tau0.5', seed, 50 + seed + gain)
    write('carrots_rgb2nir', 'dacs', 7, 60.0)
    write('carrots_rgb2nir', 'dacs_gbw', 7, 58.5)
    # without a run of DACS of its seed there is no difference
    write('carrots_rgb2nir', 'dacs_rcs', 8, 10.0)
    page = start()
    assert page.startswith('before\n') and page.endswith('after')
    assert 'old' not in page and 'IDD' not in page
    student, teacher, *_ = rows(page, 'DACS')
    assert student == 'DACS | student | 51.0 +- 1.0'.split(' | ') + [
        *['20.0 +- 0.0'] * 3,
        '3',
    ]
    assert teacher[2] == '50.0 +- 1.0'
    assert rows(page, 'DACS + post-hoc, tau 0.5')[0][2] == '51.5 +- 1.0'
    mean = sum(gains) / 3
    error = math.sqrt(sum((g - mean) ** 2 for g in gains) / 2 / 3)
    low, high = mean - T_95 * error, mean + T_95 * error
    own = rows(page, 'DACS + OLA, tau 0.5')[-1]
    assert low > 0  # hence bold
    assert own[1] == (
        f'**{mean:+.1f} [{low:+.1f}, {high:+.1f}]** (+2.0, +3.0, +4.5)'
    )
    assert own[2] == '+0.0 [+0.0, +0.0] (+0.0, +0.0, +0.0)'
    assert rows(page, 'DACS + GBW, normalized')[-1][1] == '-1.5'
    assert len(rows(page, 'DACS + rare class sampling')) == 2  # no third
    # something is drawn, in the colour of what leaves 0 out too
    assert clear(picture(tmp_path)).any()


def picture(tmp_path):
    content = (tmp_path / 'runs/differences.png').read_bytes()
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert('RGB'))


def clear(pixels):
    return (pixels == (0x00, 0x72, 0xB2)).all(-1)


def test_a_row_far_away_does_not_make_the_others_small(start, write, tmp_path):
    for seed, gain in enumerate((2.0, 3.0, 4.0)):
        write('camvid_day2dusk', 'dacs', seed, 50.0)
        write('camvid_day2dusk', 'dacs_ola_tau0.5', seed, 50 + gain)
    write('camvid_day2dusk', 'dacs_gbw', 0, 20.0)
    start()
    first = picture(tmp_path)
    write('camvid_day2dusk', 'dacs_gbw', 0, 5.0)
    start()
    second = picture(tmp_path)
    assert clear(first).any()
    np.testing.assert_array_equal(clear(first), clear(second))
    # its number is at the edge
    assert (first != second).any()


def test_balance_is_compared_with_the_method_that_it_is_put_on(start, write):
    methods = {'dacs': 50.0, 'source_only': 30.0, 'source_only_gbw': 33.0}
    for method, miou in methods.items():
        write('camvid_day2dusk', method, 0, miou)
    page = start()
    *_, (_, alone, *_) = rows(page, 'Source only')
    *_, (_, balanced, *_) = rows(page, 'Source only + GBW, normalized')
    assert (alone, balanced) == ('-20.0', '+3.0')
    # in tables of their own, that of DACS first
    first = rows(page, 'Student, less DACS')
    second = rows(page, 'Student, less Source only')
    assert len(first) == len(second) == 1
    assert page.index('less DACS') < page.index('less Source only')
    assert page.index('less Source only') < page.rindex('GBW, normalized')


def test_supervised_training_is_compared_with_cross_entropy(start, write):
    write('camvid_day', 'source_only', 0, 50.0, tau_sweep={})
    write('camvid_day', 'source_only_gbw', 0, 51.5, tau_sweep={})
    page = start()
    assert rows(page, 'Student, less CE')
    scores, _, difference = rows(page, 'CE + GBW, normalized')
    assert scores[1:3] == ['student', '51.5']
    assert difference[1] == '+1.5'


def test_a_class_that_is_drawn_differently_is_left_out_as_well(start, write):
    write('camvid2iddlite', 'dacs', 0, 50.0)
    page = start()
    (header, *_), *_ = [rows(page, 'Method')]
    place = header.index('mIoU without roadside objects')
    for name in ('DACS', 'DACS + post-hoc, tau 1'):
        assert rows(page, name)[0][place] == '35.0'


def test_seeds_are_paired_by_their_number(start, write):
    # as text 10 comes before 2
    for seed, miou in {2: 50.0, 10: 60.0}.items():
        write('carrots_rgb2nir', 'dacs', seed, miou)
    for seed, miou in {10: 61.0, 2: 53.0, 3: 90.0}.items():
        write('carrots_rgb2nir', 'dacs_gbw', seed, miou)
    cells = rows(start(), 'DACS + GBW, normalized')
    assert cells[-1][1].endswith('(+3.0, +1.0)')
    assert cells[0][-1] == '3'


def test_runs_of_two_states_are_refused(start, write):
    write('camvid_day2dusk', 'dacs', 0, 50.0)
    write('camvid_day2dusk', 'dacs', 1, 50.0, sources='b')
    with pytest.raises(SystemExit, match='2 states of the package') as error:
        start()
    assert 'dacs_seed0.json: a, ' in str(error.value)
    assert 'dacs_seed1.json: b, ' in str(error.value)


def test_runs_of_a_gpu_are_a_table_and_a_state_of_their_own(start, write):
    for seed in range(2):
        write('camvid_day2dusk', 'dacs', seed, 50.0)
        write('camvid_day2dusk', 'dacs_gbw', seed, 52.0)
        write('camvid_gpu', 'dacs', seed, 40.0, sources='b')
        write('camvid_gpu', 'dacs_gbw', seed, 41.0, sources='b')
    cpu, gpu = start().split('### CamVid day -> dusk, trained on a GPU')
    # each less the baseline of its own kind of machine
    for text, differences in (cpu, '(+2.0, +2.0)'), (gpu, '(+1.0, +1.0)'):
        cells = [r[1] for r in rows(text, 'DACS + GBW, normalized')]
        assert [c.endswith(differences) for c in cells] == [False, False, True]


@pytest.mark.parametrize('change', [dict(sources='c'), dict(device='H100')])
def test_runs_of_two_gpus_or_states_of_one_are_refused(start, write, change):
    write('camvid_day2dusk', 'dacs', 0, 50.0)
    write('camvid_gpu', 'dacs', 0, 40.0, sources='b')
    start()
    write('camvid_gpu', 'dacs', 1, 40.0, **(dict(sources='b') | change))
    with pytest.raises(SystemExit, match='2 states of the package'):
        start()


def test_runs_of_a_cpu_are_no_rows_of_a_gpu(start, write):
    write('camvid_gpu', 'dacs', 0, 40.0, device='cpu')
    message = "has device 'cpu', expected a GPU: move it away"
    with pytest.raises(SystemExit, match=message):
        start()


def test_all_pairs_may_be_of_one_gpu(start, write):
    write('camvid_day2dusk', 'dacs', 0, 50.0, device='H200')
    write('carrots_rgb2nir', 'dacs', 0, 60.0, device='H200')
    assert [line[2] for line in rows(start(), 'DACS')[::2]] == ['50.0', '60.0']
    # one that does not say what it is of is of a CPU
    write('carrots_rgb2nir', 'dacs', 1, 60.0)
    with pytest.raises(SystemExit, match='(?s)2 states .*, H200.*, cpu'):
        start()


def test_runs_beneath_other_versions_are_refused(start, write):
    write('camvid_day2dusk', 'dacs', 0, 50.0)
    write('camvid_day2dusk', 'dacs', 1, 50.0, versions=dict(torch='0.1'))
    with pytest.raises(SystemExit, match='(?s)2 states .*torch 0.1'):
        start()


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(settings=dict(seed=0)), 'has seed was 0, is 1: move it away'),
        (dict(settings=dict(others=['x'])), r"has others was \['x'\], is"),
        (dict(fingerprint='the sources changed while it ran'), 'changed whi'),
        (dict(tau_sweep=dict(scores=[])), 'has no tau 0.5 in its tau_sweep'),
        (dict(teacher=dict(mIoU=1.0)), r'no result of a row \(.*teacher.Acc_'),
    ],
)
def test_results_of_something_else_are_named(start, write, change, message):
    write('camvid_day2dusk', 'dacs', 0, 50.0)
    write('camvid_day2dusk', 'dacs', 1, 50.0, **change)
    with pytest.raises(SystemExit, match='dacs_seed1.json') as error:
        start()
    assert re.search(message, str(error.value)), error.value


def test_results_of_other_settings_are_named(start, write):
    file = write('camvid_day2dusk', 'dacs', 0, 50.0)
    content = json.loads(file.read_text())
    optimizer = content['settings']['cfg']['optim_wrapper']['optimizer']
    assert optimizer['lr'] == 0.001
    optimizer['lr'] = 0.5
    file.write_text(json.dumps(content))
    with pytest.raises(SystemExit, match=r'optimizer\.lr was 0.5, is 0.001:'):
        start()


def test_files_of_other_programs(start, write, tmp_path, capsys):
    file = write('camvid_day2dusk', 'dacs', 0, 50.0)
    file.with_name('dacs_seed0_old.json').write_text('{}')
    file.with_name('table.json').write_text('{}')
    assert rows(start(), 'DACS')[0][-1] == '1'
    warnings = capsys.readouterr().err.splitlines()
    assert [line.split()[1].rsplit('/')[-1] for line in warnings] == [
        'dacs_seed0_old.json',
        'table.json',
    ]
    for content in ('no json', '[1]', '{"mIoU": 1}'):
        file.write_text(content)
        with pytest.raises(SystemExit, match='dacs_seed0.json is no result'):
            start()


def test_rows_without_a_baseline_have_no_differences(start, write, tmp_path):
    write('camvid_day2dusk', 'dacs_gbw', 0, 50.0)
    assert 'less DACS' not in start()
    assert not (tmp_path / 'runs/differences.png').exists()


def test_no_runs(start):
    with pytest.raises(SystemExit, match='has no runs: make them with'):
        start()
