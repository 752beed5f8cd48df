"""Runs that are killed, cut off from their disk, or long: what is left.

    python tools/benchmarks/faults.py --out docs/reliability
    python tools/benchmarks/faults.py --only kills --methods dacs+blda
    python tools/benchmarks/faults.py --table docs/reliability.md

Each disturbed run is resumed until its end and compared bit by bit with one
that was left alone: weights, statistics, optimizers, schedulers, and what was
logged for each iteration. What FOLDER/faults_*.json already holds is not run
again. 'disk' and 'read-only' mount file systems: they need root on Linux.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import fault_hooks  # noqa: F401  (registers its hook)
from fault_cases import METHODS, make_data, write_config
from fault_report import write_tables
from forked_runs import import_all, logged, start, wait, wait_until
from machine_faults import FAULTS, damaged_checkpoints, resume_to_the_end

from mmseg_balance.files.writing import write_atomically
from mmseg_balance.runs.work_dir import latest_checkpoint

ITERS = 20
# a run of one moment in five ends before it is killed, and is drawn anew
TRIES = 5
LONG = 2000


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    faults = ('kills', 'terminations', *FAULTS, 'long')
    parser.add_argument('--only', nargs='+', choices=faults, default=faults)
    parser.add_argument(
        '--methods', nargs='+', choices=METHODS, default=tuple(METHODS)
    )
    parser.add_argument(
        '--kills', type=int, default=20, help='kills of each method'
    )
    parser.add_argument('--seed', type=int, default=0, help='of the moments')
    parser.add_argument(
        '--work-dir', type=Path, default=Path('work_dirs/faults')
    )
    parser.add_argument('--out', type=Path, default=Path('docs/reliability'))
    parser.add_argument(
        '--table',
        type=Path,
        metavar='PAGE',
        help='run nothing: write what --out holds into this page',
    )
    return parser.parse_args()


def whole_run(folder: Path, data: Path, method: str, workers: int) -> float:
    """Train without disturbance, once.

    Args:
        folder: Gets ``config.py`` and the work folder ``whole``.
        data: Toy streets.
        method: Key of ``METHODS``.
        workers: Processes of the data loader.

    Returns:
        Seconds that it took.
    """
    config = write_config(
        folder / 'config.py',
        data,
        method,
        ITERS,
        val_interval=ITERS // 2,
        workers=workers,
    )
    work_dir = folder / 'whole'
    shutil.rmtree(work_dir, ignore_errors=True)
    begin = time.monotonic()
    log = folder / 'whole.log'
    code = wait(start('train.py', config, '--work-dir', work_dir, log=log))
    if code or not latest_checkpoint(work_dir):
        raise RuntimeError(f'{method} ended with {code}, see {log}')
    return time.monotonic() - begin


def disturbed_run(
    folder: Path, number: signal.Signals, moments: random.Random, limit: float
) -> dict:
    """Send a signal at a random moment, and resume until the end.

    Args:
        folder: What :func:`whole_run` filled.
        number: The signal.
        moments: Draws when.
        limit: Seconds of the whole run.

    Returns:
        When it was, what was left, and where the resumed run differs.
    """
    work_dir = folder / 'disturbed'
    log = folder / 'disturbed.log'
    command = ('train.py', folder / 'config.py', '--work-dir', work_dir)
    for _ in range(TRIES):
        shutil.rmtree(work_dir, ignore_errors=True)
        moment = moments.uniform(0.0, limit)
        pid = start(*command, log=log)
        code = wait_until(pid, time.monotonic() + moment)
        if code is None:
            break
        limit = min(limit, moment)  # this machine is faster now
    else:
        raise RuntimeError(f'{folder} ended by itself {TRIES} times')
    os.kill(pid, number)  # not its workers: they have to notice
    code = wait(pid)
    trained = max((step for step, _ in logged(work_dir)), default=0)
    left = latest_checkpoint(work_dir)
    return dict(
        seconds=round(moment, 3),
        exit_code=code,
        trained=trained,
        resumed_from=left.name if left else None,
        damaged=damaged_checkpoints(work_dir),
        difference=resume_to_the_end(folder, work_dir, ITERS),
    )


def signals(args: argparse.Namespace, data: Path, name: str) -> None:
    """Runs that get a signal, a file for each method."""
    number = signal.SIGKILL if name == 'kills' else signal.SIGTERM
    for method in args.methods:
        file = args.out / f'faults_{name}_{method}.json'
        found = json.loads(file.read_text()) if file.is_file() else {}
        runs = found.get('runs', [])
        if len(runs) >= args.kills:
            continue
        folder = args.work_dir / method
        # one method class reads its data in a worker process, as usual
        workers = int(method == 'dacs+blda')
        limit = whole_run(folder, data, method, workers)
        for count in range(len(runs), args.kills):
            # moments do not depend on where an earlier call stopped
            moments = random.Random(f'{args.seed} {name} {method} {count}')
            runs.append(disturbed_run(folder, number, moments, limit))
            print(f'{name} {method} {count + 1}: {runs[-1]}', flush=True)
            save(file, dict(method=method, iterations=ITERS, runs=runs))
        shutil.rmtree(folder)


def long_run(args: argparse.Namespace, data: Path) -> None:
    """Memory and time of DACS + BLDA over many iterations."""
    file = args.out / 'faults_long.json'
    if file.is_file():
        return
    folder = args.work_dir / 'long'
    shutil.rmtree(folder, ignore_errors=True)
    values = folder / 'resources.json'
    config = write_config(
        folder / 'config.py',
        data,
        'dacs+blda',
        LONG,
        interval=LONG // 4,
        extra='custom_hooks = [\n'
        "    dict(type='IterationSeedHook'),\n"
        "    dict(type='TeacherUpdateHook'),\n"
        "    dict(type='GMMUpdateHook'),\n"
        f"    dict(type='ResourceLogHook', file='{values}'),\n]\n",
    )
    log = folder / 'train.log'
    code = wait(
        start('train.py', config, '--work-dir', folder / 'run', log=log)
    )
    if code:
        raise RuntimeError(f'the long run ended with {code}, see {log}')
    found = json.loads(values.read_text())
    save(file, dict(method='dacs+blda', **quarters(found)))


def quarters(values: dict[str, list[float]]) -> dict:
    """Medians of the quarters of a run; the first 100 iterations are apart.

    Args:
        values: Of each iteration, by name.

    Returns:
        Number of iterations, and four medians by name.
    """
    count = min(map(len, values.values()))
    result = dict(iterations=count)
    for name, series in values.items():
        settled = sorted_quarters(series[min(100, count // 4) :])
        result[name] = [round(x, 5) for x in settled]
    return result


def sorted_quarters(series: list[float]) -> list[float]:
    """Medians of four equal parts."""
    size = len(series) // 4
    parts = [sorted(series[i * size : (i + 1) * size]) for i in range(4)]
    return [part[size // 2] for part in parts]


def save(file: Path, values: dict) -> None:
    """Write results, whole or not at all."""
    write_atomically(file, (json.dumps(values, indent=1) + '\n').encode())


def main() -> None:
    """Disturb runs, or write the tables."""
    args = parse_args()
    if args.table:
        write_tables(args.table, args.out)
        return
    args.work_dir = args.work_dir.resolve()
    import_all()
    args.work_dir.mkdir(parents=True, exist_ok=True)
    data = make_data(args.work_dir / 'data')
    for name in ('kills', 'terminations'):
        if name in args.only:
            signals(args, data, name)
    for name, fault in FAULTS.items():
        file = args.out / f'faults_{name}.json'
        if name in args.only and not file.is_file():
            folder = args.work_dir / name
            shutil.rmtree(folder, ignore_errors=True)
            whole_run(folder, data, 'dacs+blda', 0)
            result = fault(folder, data, ITERS)
            print(f'{name}: {result}', flush=True)
            save(file, result)
    if 'long' in args.only:
        long_run(args, data)
    print(f'results: {args.out}/faults_*.json', file=sys.stderr)


if __name__ == '__main__':
    main()
