"""gpu.sh: its parts in small on the CPU, its time, and what it keeps."""

import json
import os
import subprocess
import sys
import time
import warnings
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

BATCH = SimpleNamespace(
    num_classes=3, data_preprocessor=SimpleNamespace(size=(32, 64))
)


@pytest.fixture
def gpu(run_tool, tools, monkeypatch):
    monkeypatch.syspath_prepend(str(tools / 'benchmarks'))
    return run_tool.load('benchmarks/gpu.py')


@pytest.fixture
def part(gpu):
    """A module of gpu_parts, by its name."""
    return lambda name: import_module(f'gpu_parts.{name}')


@pytest.fixture
def with_parts(gpu, part, monkeypatch):
    """Run gpu.py with other parts; gives its exit code."""

    def run(out, parts, *options):
        for module in (gpu, part('parts'), part('report')):
            monkeypatch.setattr(module, 'PARTS', parts)
        words = ['gpu.py', '--out', out, '--parts', *parts, *options]
        monkeypatch.setattr(sys, 'argv', list(map(str, words)))
        monkeypatch.setattr(gpu, 'START', time.monotonic())
        return gpu.main()

    return run


def machine(options):
    return [dict(name='a machine')]


def test_parts_in_small_on_the_cpu(tools, tmp_path):
    parts = ('kernels', 'daformer-float32', 'one-rank', 'training-amp')
    environment = {**os.environ, 'PYTHON': sys.executable}
    environment.pop('MMSEG_BALANCE_DATA', None)
    done = subprocess.run(
        ['bash', tools / 'benchmarks/gpu.sh', '--parts', *parts]
        + ['--out', tmp_path],
        capture_output=True,
        text=True,
        env=environment | dict(CUDA_VISIBLE_DEVICES=''),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'No CUDA here: the parts run in small on the CPU' in done.stdout
    found = {
        name: json.loads((tmp_path / f'{name}.json').read_text())
        for name in parts
    }
    kernels = found['kernels']['rows']
    assert all(row['error'] <= row['limit'] for row in kernels)
    assert all(row['fused'] for row in kernels)  # by Triton's interpreter
    plain, blda = found['daformer-float32']['rows']
    assert (plain['balance'], blda['balance']) == ('none', 'blda')
    assert blda['seconds'] > 0 and blda['size'] == 64
    assert found['one-rank']['rows'][0]['error'] == 0  # on a CPU
    assert 'MMSEG_BALANCE_DATA' in found['training-amp']['skipped']
    tables = (tmp_path / 'tables.md').read_text()
    assert '| daformer | blda | float32 | ' in tables
    assert '- training-amp, skipped: MMSEG_BALANCE_DATA' in tables
    assert '- not run: waiting, daformer-amp, ' in tables


def test_what_becomes_of_parts(
    part, with_parts, monkeypatch, tmp_path, capsys
):
    make = part('parts').Part
    calls = tmp_path / 'calls'

    def quick(options):
        with calls.open('a') as file:
            print(options.net, file=file)
        return [dict(error=0.0, limit=1.0)]

    def slow(options):
        child = subprocess.Popen(['sleep', '600'])
        (tmp_path / 'child').write_text(str(child.pid))
        time.sleep(600)

    def broken(options):
        raise ValueError('no good')

    def skipped(options):
        raise part('options').Skipped('nothing to do')

    def large(options):
        raise torch.cuda.OutOfMemoryError('Tried to allocate 9 GB')

    parts = dict(
        machine=make(machine, 60, 0),
        quick=make(quick, 60, 0),
        wrong=make(lambda options: [dict(error=2.0, limit=1.0)], 60, 0),
        slow=make(slow, 1, 0),
        broken=make(broken, 60, 0),
        gone=make(lambda options: os._exit(3), 60, 0),
        skipped=make(skipped, 60, 0),
        large=make(large, 60, 0),
        long=make(quick, 9999, 9999),
    )
    out = tmp_path / 'out'
    assert with_parts(out, parts) == 1
    lines = capsys.readouterr().out.splitlines()

    def line(name):
        return next(x for x in lines if x.startswith(f'{name}: '))

    assert line('quick').startswith('quick: done (')
    assert line('wrong').startswith('wrong: 1 of 1 do NOT hold (')
    assert line('slow').startswith('slow: failed: took more than 5 s')
    assert line('broken').startswith('broken: failed: ValueError: no good')
    assert line('gone').startswith('gone: failed: the process ended with exit')
    assert line('skipped').startswith('skipped: skipped: nothing to do')
    assert '--batch 1, or a smaller --backbone' in line('large')
    assert 's are left, and it needs 9999; call again' in line('long')
    child = int((tmp_path / 'child').read_text())
    assert (
        not os.path.exists(f'/proc/{child}/cmdline')
        or not open(f'/proc/{child}/cmdline').read()
    )  # ended, with what it was a part of
    assert '- not run: long' in (out / 'tables.md').read_text()

    # again: what has rows is kept, the rest is tried again
    for name in ('slow', 'wrong', 'long'):
        del parts[name]
        (out / f'{name}.json').unlink(missing_ok=True)
    assert with_parts(out, parts) == 1
    lines = capsys.readouterr().out.splitlines()
    assert line('quick') == 'quick: there already'
    assert line('broken').startswith('broken: failed')
    assert len(calls.read_text().split()) == 1
    # but not of other code, or other options: tables have nothing of it
    monkeypatch.setattr(part('child'), 'sources', lambda: 'others')
    assert with_parts(out, parts, '--minutes', '0') == 0
    absent = ', '.join(name for name in parts if name != 'machine')
    assert f'- not run: {absent}' in (out / 'tables.md').read_text()
    kept = dict(machine=parts['machine'], quick=parts['quick'])
    assert with_parts(out, kept) == 0
    assert calls.read_text().split() == ['mit-b0', 'mit-b0']


def test_a_folder_that_cannot_be_made_is_named(with_parts, part, tmp_path):
    (tmp_path / 'file').touch()
    parts = dict(machine=part('parts').Part(machine, 60, 0))
    with pytest.raises(SystemExit, match='--out: .*Not a directory.*another'):
        with_parts(tmp_path / 'file/out', parts)


def test_ended_from_outside_it_ends_its_part(tools, tmp_path):
    process = subprocess.Popen(
        ['bash', tools / 'benchmarks/gpu.sh', '--parts', 'waiting']
        + ['--out', tmp_path],
        stdout=subprocess.DEVNULL,
        env=os.environ | dict(PYTHON=sys.executable, CUDA_VISIBLE_DEVICES=''),
    )
    children = Path(f'/proc/{process.pid}/task/{process.pid}/children')
    wait_for((tmp_path / 'machine.json').exists)
    (child,) = wait_for(lambda: children.read_text().split())
    process.terminate()
    assert process.wait(60) == 1
    assert not Path(f'/proc/{child}').exists()


def wait_for(condition):
    end = time.monotonic() + 120
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return found


def test_a_machine_that_forks_badly_is_given_new_processes(
    gpu, part, monkeypatch, tmp_path
):
    tried = []

    def run(name, options, file, seconds, method):
        tried.append(method)
        return dict(failed='no') if method == 'fork' else dict(rows=[{}])

    monkeypatch.setattr(gpu, 'run_in_child', run)
    options = part('options').Options('cuda')
    assert gpu.find_machine(options, tmp_path) == (dict(rows=[{}]), 'spawn')
    assert tried == ['fork', 'spawn']


def test_all_parts_are_of_known_cases(gpu, part):
    cases = import_module('step_cases')
    methods = {}
    options = part('options').Options('cuda')
    for name, each in part('parts').PARTS.items():
        assert 0 < each.least <= each.seconds <= 300
        for fields in getattr(each.run, 'keywords', {}).get('cases', ()):
            case = part('steps').case_of(options, **fields)
            assert case.precision in cases.PRECISIONS
            assert case.method in (*cases.METHODS, 'reference')
            methods.setdefault(case.method, set()).add(
                (case.balance, case.precision)
            )
            assert (case.compiled, case.channels_last) == (
                'compile' in name,
                'channels-last' in name,
            )
    for method in ('dacs', 'daformer', 'hrda', 'mic', 'cdac'):
        assert len(methods[method]) == 6, method
    assert methods['reference'] == {
        ('none', precision) for precision in cases.PRECISIONS
    }


def test_kernels_that_differ_do_not_hold(part):
    kernels, holds = part('kernels'), part('report').holds
    options = part('options').small(part('options').Options('cpu'))
    setting = kernels.make_setting(3, 1, 8, 'cpu')

    def compared(value):
        check = lambda _, way: [value(way == 'triton')]  # noqa: E731
        return dict(kernels.compare(check, setting, options), limit=1e-4)

    assert holds(compared(lambda fused: torch.ones(3) + 1e-5 * fused))
    row = compared(lambda fused: torch.ones(3) + 1e-3 * fused)
    assert row['error'] == pytest.approx(1e-3, rel=0.01)
    assert not holds(row)
    with pytest.raises(ValueError, match=r'\(3,\) and \(2,\) differ'):
        kernels.relative_error(torch.ones(3), torch.ones(2))
    with pytest.raises(ValueError, match='nothing is compared'):
        kernels.relative_error(torch.zeros(2), torch.zeros(2))
    assert not holds(compared(lambda fused: torch.full((2,), torch.nan)))
    # the first of several is right
    results = dict(triton=torch.full((2,), torch.nan), torch=torch.ones(2))
    check = lambda _, way: [torch.ones(2), results[way]]  # noqa: E731
    row = kernels.compare(check, setting, options)
    assert not holds(dict(row, limit=1e-4))


def test_memory_of_a_step_is_its_own(part, monkeypatch):
    steps = part('steps')
    mb = 2**20
    state = dict(now=100 * mb, peak=0)

    def step():
        state['peak'] = state['now'] + 30 * mb

    def make(*case):
        state['now'] += 50 * mb
        return step

    rounds = []

    def alternate(runs, repeats, device):
        rounds.append(repeats)
        return [(1.0, 1.0), (2.0, 2.0)]

    monkeypatch.setattr(steps, 'make_step', make)
    monkeypatch.setattr(steps, 'alternate', alternate)
    monkeypatch.setattr(steps, 'timed', lambda run, device: 2.5)
    for name, value in (
        ('memory_allocated', lambda: state['now']),
        ('max_memory_allocated', lambda: state['peak']),
        ('reset_peak_memory_stats', lambda: None),
    ):
        monkeypatch.setattr(torch.cuda, name, value)
    cases = [dict(method='dacs'), dict(method='dacs', balance='blda')]
    rows = steps.measure_steps(part('options').Options('cuda'), cases)
    assert [row['peak_mb'] for row in rows] == [80, 80]  # not of the other
    assert [row['ratio'] for row in rows] == [1, 2]
    assert rounds == [20 / 5]  # what 20 seconds have time for
    cells = part('report').step_cells(rows)[1]
    assert cells[1:] == 'blda float32 2.0000 2.000 80 1.000'.split()


def test_places_that_wait_are_named(part, monkeypatch):
    checks = part('checks')
    modes, waits = ['default'], []

    def iterate(model, data, wrapper):
        if waits and modes[-1] == 'error':
            raise RuntimeError(checks.NOTE)
        if waits and modes[-1] == 'warn':
            warnings.warn(checks.NOTE, stacklevel=1)
            warnings.warn('of something else', stacklevel=1)

    monkeypatch.setattr(checks, 'build', lambda case: (BATCH, None))
    monkeypatch.setattr(checks, 'iterate', iterate)
    monkeypatch.setattr(torch.cuda, 'set_sync_debug_mode', modes.append)
    case = import_module('step_cases').Case('daformer')
    assert checks.waiting_places(case) == []
    assert modes == ['default', 'error', 'default']
    waits.append(True)
    (place,) = checks.waiting_places(case)
    assert place.startswith(__file__)
    assert modes[-1] == 'default'
    holds = part('report').holds
    assert not holds(dict(places=[place]))
    assert holds(dict(places=['torch/amp/grad_scaler.py:3']))


def test_batches_are_on_the_device_before(part):
    batch = import_module('step_cases').random_batch(
        BATCH, 1, torch.Generator()
    )
    moved = part('checks').on_device(batch, 'meta')
    assert moved['target']['inputs'][0].is_meta
    assert moved['source']['data_samples'][0].gt_sem_seg.data.is_meta


class Asking:
    """Its length is a value of a tensor."""

    def __len__(self):
        return torch.ones((), dtype=torch.long, device='meta').item()


def test_the_meta_device_names_who_asks(part, monkeypatch):
    checks = part('checks')
    online = import_module('mmseg_balance.logits.statistics.online')
    statistics = online.LogitStatistics(3)
    statistics._pending = Asking()
    monkeypatch.setattr(
        checks, 'count_launches', lambda case: statistics.num_pending
    )
    (place,) = checks.refused_places(None)
    assert place.startswith(f'{online.__file__}:')
    # where no line of the package asks, something else is wrong
    monkeypatch.setattr(checks, 'count_launches', lambda case: len(Asking()))
    with pytest.raises(RuntimeError, match='meta'):
        checks.refused_places(None)


def test_scalars_of_a_training(part, tmp_path):
    lines = [
        dict(loss=3.0 - i, time=9.0 if i < 10 else 0.5, iter=i)
        for i in range(13)
    ]
    lines.append(dict(mIoU=12.5, aAcc=1.0, step=13))
    file = tmp_path / 'scalars.json'
    file.write_text('\n'.join(map(json.dumps, lines)))
    training = part('training')
    assert training.read_scalars(file) == dict(
        iterations=13, seconds=0.5, first_loss=3.0, last_loss=-9.0, mIoU=12.5
    )
    file.write_text(json.dumps(dict(loss=3.0, time=1.0)))
    assert training.read_scalars(file)['mIoU'] is None
    assert not part('report').holds(dict(last_loss=float('nan')))
    words = training.command(
        part('options').Options('cuda'), 'out', amp=True, pretrained=False
    )
    assert words[-1] == 'model.segmentor.backbone.init_cfg=None'
    assert '--amp' in words and 'train_cfg.max_iters=150' in words
