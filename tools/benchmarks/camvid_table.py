"""Train source-only, DACS and DACS + BLDA on CamVid day -> dusk; table them.

    python tools/benchmarks/camvid_table.py --seeds 0 1 2 --jobs 2

Student and teacher are scored once, at the last iteration: nothing is chosen
on target labels. What is finished is not repeated, an interrupted training
goes on. Each run leaves a small JSON in --out; the table is made from those.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
DATA = 'lite0_500_camvid-day2camvid-dusk-256x256.py'
TAU = 'model.segmentor.decode_head.loss_decode.tau={}'
METHODS = {
    'source_only': ('Source only', f'source_only/source_only_{DATA}', []),
    'dacs': ('DACS', f'dacs/dacs_{DATA}', []),
    'dacs_blda_tau0.1': (
        'DACS + BLDA, tau 0.1',
        f'dacs/dacs_blda_{DATA}',
        [TAU.format(0.1)],
    ),
    'dacs_blda_tau0.5': (
        'DACS + BLDA, tau 0.5',
        f'dacs/dacs_blda_{DATA}',
        [TAU.format(0.5)],
    ),
}
PARTS = ('student', 'teacher')
COLUMNS = ('mIoU', 'IoU_std', 'mAcc', 'Acc_std')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2])
    parser.add_argument(
        '--methods', nargs='+', choices=METHODS, default=list(METHODS)
    )
    parser.add_argument(
        '--jobs', type=int, default=1, help='runs side by side'
    )
    parser.add_argument(
        '--work-dir', type=Path, default=ROOT / 'work_dirs/camvid_table'
    )
    parser.add_argument(
        '--out', type=Path, default=ROOT / 'docs/benchmarks/camvid_day2dusk'
    )
    parser.add_argument(
        '--table', action='store_true', help='only print the table'
    )
    return parser.parse_args()


def call(tool: str, config: Path, arguments: list, log: Path) -> str:
    """Run a tool, its output kept in a file; returns the output."""
    command = [sys.executable, ROOT / 'tools' / tool, config, *arguments]
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    log.write_text(done.stdout)
    if done.returncode:
        raise RuntimeError(f'tools/{tool} failed, see {log}')
    return done.stdout


def finish(
    method: str, seed: int, work_dir: Path, out: Path
) -> dict[str, dict]:
    """Do what is left of a run; returns the scores of student and teacher."""
    result = out / f'{method}_seed{seed}.json'
    if result.is_file():
        return json.loads(result.read_text())
    _, config, options = METHODS[method]
    config = ROOT / 'configs' / config
    folder = work_dir / f'{method}_seed{seed}'
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / 'iter_500.pth'
    if not checkpoint.is_file():
        print(f'{folder.name}: training', flush=True)
        call(
            'train.py',
            config,
            [
                *('--work-dir', folder, '--seed', seed, '--resume'),
                *('--cfg-options', 'default_hooks.checkpoint.interval=100'),
                *options,
            ],
            folder / 'train_output.txt',
        )
    scores = {}
    for part in PARTS:
        output = call(
            'test.py',
            config,
            [
                checkpoint,
                *('--work-dir', folder / part, '--cfg-options'),
                f'model.predict_with={part}',
                *options,
            ],
            folder / f'test_{part}.txt',
        )
        file = re.search(r'^scores: (\S.*\.json)  log:', output, re.M)[1]
        values = json.loads(Path(file).read_text())
        scores[part] = {
            k: round(v, 4) for k, v in values.items() if 'time' not in k
        }
    out.mkdir(parents=True, exist_ok=True)
    temporary = result.with_suffix('.tmp')
    temporary.write_text(json.dumps(scores, indent=1) + '\n')
    os.replace(temporary, result)
    print(f'{folder.name}: {scores["teacher"]["mIoU"]:.2f}', flush=True)
    return scores


def table(out: Path, seeds: list[int]) -> str:
    """Markdown table: mean and standard deviation over the seeds."""
    lines = [
        '| Method | Part | ' + ' | '.join(COLUMNS) + ' | Seeds |',
        '| --- ' * (len(COLUMNS) + 3) + '|',
    ]
    for method, (name, _, _) in METHODS.items():
        files = [out / f'{method}_seed{seed}.json' for seed in seeds]
        runs = [json.loads(f.read_text()) for f in files if f.is_file()]
        if not runs:
            continue
        for part in PARTS:
            cells = []
            for column in COLUMNS:
                values = np.array([run[part][column] for run in runs])
                spread = values.std(ddof=1) if len(runs) > 1 else np.nan
                cells.append(f'{values.mean():.1f} +- {spread:.1f}')
            lines.append(
                f'| {name} | {part} | {" | ".join(cells)} | {len(runs)} |'
            )
    return '\n'.join(lines)


def main() -> None:
    """Finish all runs, and print the table."""
    args = parse_args()
    if not args.table:
        # seed by seed, so that a part of the table is one of all methods
        runs = [(m, s) for s in args.seeds for m in args.methods]
        with ThreadPoolExecutor(args.jobs) as pool:
            jobs = [
                pool.submit(finish, *run, args.work_dir, args.out)
                for run in runs
            ]
        for job in jobs:
            job.result()
    print(table(args.out, args.seeds))


if __name__ == '__main__':
    main()
