"""Train and test a row of the paper's tables, and compare the scores.

python tools/reproduce.py --list
python tools/reproduce.py gta/daformer+blda
python tools/reproduce.py gta/daformer+blda --seed 1
python tools/reproduce.py gta/hrda+blda --launcher pytorch --gpus 2 \
    --cfg-options train_dataloader.batch_size=1

A repeated command goes on where it stopped. Each seed has a folder of its own;
one that has a run of other settings or data is refused. Scores are those of
the student, as in the paper, whose batch is 2 in all.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from mmseg_balance.configuration.data_roots import add_data_root
from mmseg_balance.evaluation.published_results import (
    PublishedRow,
    find_row,
    list_rows,
    shown,
)
from mmseg_balance.evaluation.recipes import describe_recipe

TOOLS = Path(__file__).resolve().parent
STATISTICS = 'logit_statistics.pth'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Train and test a row of the paper's tables"
    )
    parser.add_argument('row', nargs='?', help='name of the row, see --list')
    parser.add_argument(
        '--list', action='store_true', help='show rows, configs and scores'
    )
    parser.add_argument(
        '--launcher',
        default='none',
        choices=['none', 'pytorch', 'slurm'],
        help='how processes are started: one here, several here, or on a '
        'Slurm cluster',
    )
    parser.add_argument(
        '--gpus', type=int, default=1, help='number of processes'
    )
    parser.add_argument('--partition', help='partition of the Slurm cluster')
    parser.add_argument(
        '--work-dir',
        help='folder for logs, checkpoints and scores; by default '
        'work_dirs/<name of the config that is trained>_seed<seed>',
    )
    add_data_root(parser)
    parser.add_argument(
        '--seed',
        type=int,
        help='random seed; by default randomness.seed of --cfg-options or '
        'the config',
    )
    parser.add_argument(
        '--best',
        action='store_true',
        help='test the best snapshot on the validation set in place of the '
        'last, for numbers that were published so; needs '
        'default_hooks.checkpoint.save_best',
    )
    parser.add_argument(
        '--allow-changed',
        action='store_true',
        help='go on with a run of other settings or data all the same; what '
        'differs is shown with the scores',
    )
    parser.add_argument(
        '--dry-run', action='store_true', help='show the commands alone'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        default=[],
        metavar='KEY=VALUE',
        help='handed on to tools/train.py and tools/test.py',
    )
    return parser.parse_args()


def check_args(args: argparse.Namespace) -> None:
    """Refuse options that do not go together."""
    if not args.row and not args.list:
        raise ValueError('name a row, or show them with --list')
    if args.gpus < 1:
        raise ValueError(f'expected --gpus to be at least 1, got {args.gpus}')
    if args.launcher == 'none' and args.gpus > 1:
        raise ValueError(
            f'--gpus {args.gpus} needs --launcher pytorch or slurm'
        )
    if (args.launcher == 'slurm') != bool(args.partition):
        raise ValueError('--launcher slurm and --partition go together')
    if args.launcher == 'slurm' and not (args.dry_run or shutil.which('srun')):
        raise ValueError(
            '--launcher slurm starts srun, which is not on this machine: use '
            'a login node of the cluster, or --launcher pytorch'
        )


def train_command(config: str, work_dir: Path, seed: int, args) -> list[str]:
    """Command of the training, which goes on with an earlier one."""
    from mmseg_balance.runs.work_dir import latest_checkpoint

    options = ['--work-dir', str(work_dir), '--seed', str(seed)]
    if latest_checkpoint(work_dir) is not None:
        options += ['--resume', 'auto']
    return _launch('train', [config], options + _overrides(args), args)


def fit_command(config: str, checkpoint: Path, out: Path, args) -> list[str]:
    """Command that fits the statistics for post-hoc balancing."""
    tool = TOOLS / 'analysis_tools/fit_logit_statistics.py'
    command = [sys.executable, str(tool), config, str(checkpoint)]
    command += ['--out', str(out), *_overrides(args)]
    if out.exists():
        command.append('--overwrite')
    if args.launcher == 'slurm':
        slurm = ['srun', '-p', args.partition, '--gres=gpu:1', '--ntasks=1']
        command = [*slurm, *command]
    return command


def test_command(
    row: PublishedRow, config: str, checkpoint: Path, work_dir: Path, args
) -> list[str]:
    """Command of the evaluation, balanced post hoc where the row is."""
    options = ['--work-dir', str(work_dir / 'test')]
    if row.trained_as != row.name:
        from mmengine.config import Config

        tau = Config.fromfile(_config(row)).model.tau
        options += ['--post-hoc', str(work_dir / STATISTICS)]
        options += ['--tau', str(tau)]
        options[1] = str(work_dir / 'test_posthoc')
    if args.best:
        options[1] += '_best'
    positional = [config, str(checkpoint)]
    return _launch('test', positional, options + _overrides(args), args)


def reproduce(row: PublishedRow, args: argparse.Namespace) -> None:
    """Run what is left to do for a row, and compare its scores."""
    from mmseg_balance.cli.reproduction import find_work_dir, run_config
    from mmseg_balance.configuration.error_lines import build_or_exit
    from mmseg_balance.runs.records.scores import read_scores
    from mmseg_balance.runs.work_dir import default_work_dir, latest_checkpoint

    config = _config(find_row(row.trained_as))
    cfg = build_or_exit(
        lambda: run_config(
            config, args.seed, args.cfg_options, args.gpus, args.data_root
        ),
        args.work_dir or default_work_dir(config),
    )
    seed = cfg.randomness.seed
    work_dir = Path(args.work_dir or find_work_dir(config, seed))
    notes = check_folder(work_dir, cfg, args)
    run(train_command(config, work_dir, seed, args), args, work_dir)
    checkpoint = latest_checkpoint(work_dir)
    if checkpoint is None or args.dry_run:
        checkpoint = work_dir / f'iter_{cfg.train_cfg.max_iters}.pth'
    if args.best:
        checkpoint = best_snapshot(work_dir, args)
    if row.trained_as != row.name:
        fit(config, cfg, checkpoint, work_dir / STATISTICS, args)
    command = test_command(row, config, checkpoint, work_dir, args)
    run(command, args)
    if not args.dry_run:
        folder = Path(command[command.index('--work-dir') + 1])
        print(comparison(row, read_scores(folder, checkpoint)))
        print(f'seed {seed}, {checkpoint}')
        print(describe_recipe(row.name))
        for note in notes:
            print(f'note: {note}')


def best_snapshot(work_dir: Path, args: argparse.Namespace) -> Path:
    """The snapshot that was best on the validation set.

    Raises:
        FileNotFoundError: None was kept.
    """
    from mmseg_balance.runs.work_dir import is_complete

    if args.dry_run:
        return work_dir / 'best_*.pth'
    found = [p for p in work_dir.glob('best_*.pth') if is_complete(p)]
    if len(found) != 1:
        raise FileNotFoundError(
            f'--best: {work_dir} has {len(found)} files best_*.pth, expected '
            'one. Train with --cfg-options '
            'default_hooks.checkpoint.save_best=mIoU '
            'default_hooks.checkpoint.rule=greater, or test the last '
            'checkpoint without --best'
        )
    return found[0]


def check_folder(work_dir: Path, cfg, args: argparse.Namespace) -> list[str]:
    """Refuse a folder with another run.

    Returns:
        Lines of what differs and may be meant.

    Raises:
        ValueError: Settings or data of what is there differ; names them.
    """
    from mmseg_balance.cli.reproduction import compare_with
    from mmseg_balance.runs.work_dir import latest_checkpoint

    checkpoint = latest_checkpoint(work_dir)
    if checkpoint is None:
        return []
    wrong, hints = compare_with(checkpoint, cfg)
    if wrong and not args.allow_changed:
        lines = '\n  '.join(wrong)
        raise ValueError(
            f'{checkpoint} is of another run:\n  {lines}\nGive another '
            '--work-dir for a run of these settings, or those that it was '
            'begun with; --allow-changed goes on with it all the same'
        )
    for line in [*wrong, *hints]:
        print(f'warning: {checkpoint}: {line}', file=sys.stderr)
    return [*wrong, *hints]


def fit(config: str, cfg, checkpoint: Path, out: Path, args) -> None:
    """Fit statistics, unless those that are there are of this checkpoint."""
    from mmseg_balance.cli.reproduction import stale_statistics

    if out.exists() and not args.dry_run:
        lines = stale_statistics(out, checkpoint, cfg)
        if not lines:
            return
        print(f'{out} is fitted anew; what differs: {"; ".join(lines)}')
    run(fit_command(config, checkpoint, out, args), args)


def run(
    command: list[str],
    args: argparse.Namespace,
    work_dir: Path | None = None,
) -> None:
    """Show a command and, unless it is a dry run, run it.

    Args:
        command: The words.
        args: Options of this tool.
        work_dir: Folder of the training that the command is.

    Raises:
        RuntimeError: It failed.
    """
    variables = dict(PYTHON=sys.executable)
    if args.launcher == 'slurm':
        variables['GPUS'] = str(args.gpus)
    # the scripts read them
    scripted = command[0].endswith('.sh')
    words = [f'{k}={shlex.quote(v)}' for k, v in variables.items() if scripted]
    print(*words, shlex.join(command), flush=True)
    if args.dry_run:
        return
    from mmseg_balance.runs.work_dir import latest_checkpoint

    before = work_dir and latest_checkpoint(work_dir)
    process = subprocess.Popen(command, env=os.environ | variables)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.wait()  # until it has saved what it has
        raise
    if code:
        saved = work_dir and latest_checkpoint(work_dir)
        raise RuntimeError(
            f'{name_of(command)} ended with status {code}, see above; '
            + (
                f'the same command goes on behind {saved.name}'
                if saved != before
                else 'nothing new was saved: mend what it says first'
            )
        )


def name_of(command: list[str]) -> str:
    """What a command runs: the script, not Python or an argument of it."""
    first = Path(command[0]).name
    return Path(command[1]).name if command[0] == sys.executable else first


def comparison(row: PublishedRow, scores: dict[str, float]) -> str:
    """Ours beside the published scores, in percent and points."""
    lines = [f'{row.name:<20}  ours   published']
    for key, published in row.scores.items():
        lines.append(f'{key:<20}  {scores[key]:4.1f}   {shown(published)}')
    return '\n'.join(lines)


def _config(row: PublishedRow) -> str:
    """Config of a row, also where the tool is started elsewhere."""
    near = Path(row.config)
    return str(near if near.is_file() else TOOLS.parent / row.config)


def _launch(
    tool: str, positional: list[str], options: list[str], args
) -> list[str]:
    if args.launcher == 'none':
        tool = str(TOOLS / f'{tool}.py')
        return [sys.executable, tool, *positional, *options]
    if args.launcher == 'pytorch':
        script = str(TOOLS / f'dist_{tool}.sh')
        return [script, *positional, str(args.gpus), *options]
    job = args.row.replace('/', '-')
    script = str(TOOLS / f'slurm_{tool}.sh')
    return [script, args.partition, job, *positional, *options]


def _overrides(args: argparse.Namespace) -> list[str]:
    options = ['--data-root', *args.data_root] if args.data_root else []
    if args.cfg_options:
        options += ['--cfg-options', *args.cfg_options]
    return options


def main() -> None:
    """List the rows, or run one."""
    args = parse_args()
    try:
        check_args(args)
        if args.list:
            print(list_rows())
            return
        reproduce(find_row(args.row), args)
    except (OSError, RuntimeError, ValueError) as error:
        sys.exit(f'error: {error}')
    except KeyboardInterrupt:
        sys.exit('interrupted; the same command goes on where it stopped')


if __name__ == '__main__':
    main()
