"""Scores of post-hoc class balancing over its scale tau.

python tools/analysis_tools/sweep_tau.py CONFIG CHECKPOINT STATISTICS

One pass over test_dataloader gives the scores of every tau (Eq. 7 and Fig. 5
of the BLDA paper). STATISTICS is a file of fit_logit_statistics.py, or a
checkpoint of a training with BLDALoss.
"""

import argparse
import json
import sys
from pathlib import Path

import mmseg_balance  # noqa: F401  (registers everything)
from mmseg_balance.configuration.data_roots import add_data_root
from mmseg_balance.configuration.options import OptionAction

FILES = ('tau_sweep.json', 'tau_sweep.png')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='mIoU, mAcc and their std over classes for each scale tau '
        'of post-hoc class balancing, from one pass over the test set'
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        'statistics',
        help='file of fit_logit_statistics.py, or a checkpoint of a training '
        'with BLDALoss',
    )
    parser.add_argument(
        '--taus',
        nargs='*',
        type=float,
        metavar='TAU',
        help='values from 0 to 10; by default 11 from 0 to 1.5',
    )
    parser.add_argument(
        '--domain',
        choices=['target', 'source'],
        default='target',
        help='whose distributions the logits of the test set follow '
        '(default: target)',
    )
    parser.add_argument(
        '--out',
        type=Path,
        metavar='FOLDER',
        help=f'folder for {" and ".join(FILES)}; by default '
        'work_dirs/<name of the config file>/tau_sweep',
    )
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='replace these files where they are in FOLDER',
    )
    parser.add_argument(
        '--part',
        choices=['student', 'teacher'],
        help='which segmentor; by default the one that model.predict_with '
        'of the config names',
    )
    parser.add_argument('--device', help="such as 'cpu' or 'cuda:0'")
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=OptionAction,
        metavar='KEY=VALUE',
        help='override keys of the config; lists as key="[a,b]" or key=a,b',
    )
    add_data_root(parser)
    return parser.parse_args()


def check_args(args: argparse.Namespace) -> None:
    """Refuse what cannot work, before anything is loaded."""
    from mmseg_balance.evaluation.tau_sweep import DEFAULT_TAUS, check_taus
    from mmseg_balance.runs.out_files import check_out

    try:
        args.taus = check_taus(
            DEFAULT_TAUS if args.taus is None else args.taus
        )
    except ValueError as error:
        raise ValueError(f'--taus: {error}') from error
    check_out(args.out, FILES, args.overwrite)


def build(args: argparse.Namespace):
    """Config, model, test set, and the sweep, all checked."""
    from mmseg_balance.configuration.reading import load_config
    from mmseg_balance.evaluation.tau_sweep import TauSweep
    from mmseg_balance.inference.evaluation_set import build_labelled_test_set
    from mmseg_balance.inference.prediction import build_predictor
    from mmseg_balance.inference.statistics_origin import check_origin
    from mmseg_balance.logits.statistics.domain_statistics import (
        DOMAINS,
        load_domain_statistics,
    )
    from mmseg_balance.runs.out_files import make_folder

    check_args(args)
    cfg = load_config(args.config, args.cfg_options, args.data_root)
    cfg, model = build_predictor(
        cfg, args.checkpoint, part=args.part, device=args.device
    )
    dataset = build_labelled_test_set(cfg)
    classes = list(dataset.metainfo['classes'])
    statistics, meta = load_domain_statistics(
        args.statistics, len(classes), args.domain
    )
    part = getattr(model, 'predict_with', None)
    for line in check_origin(
        meta, args.statistics, args.checkpoint, part, classes
    ):
        print(f'warning: {line}', file=sys.stderr)
    statistics = statistics.to(next(model.parameters()).device)
    sweep = TauSweep(args.taus, statistics.table, DOMAINS[args.domain])
    make_folder(args.out)
    return cfg, model, dataset, sweep


def run(args: argparse.Namespace, cfg, model, dataset, sweep) -> None:
    """Go over the test set once, print and write the scores."""
    from tqdm import tqdm

    from mmseg_balance.evaluation.tau_sweep import best_taus, sweep_text
    from mmseg_balance.files.writing import write_atomically
    from mmseg_balance.inference.evaluation_set import headline_classes
    from mmseg_balance.inference.prediction import predict_logits
    from mmseg_balance.runs.out_files import check_out
    from mmseg_balance.visualization.tau_curve import tau_curves

    workers = cfg.test_dataloader.get('num_workers', 2)
    images = predict_logits(model, dataset, num_workers=workers)
    for image in tqdm(images, total=len(dataset), unit='image'):
        sweep.add(image.logits, image.labels)
    meant = headline_classes(cfg)
    scores = sweep.scores(dataset.metainfo['classes'], meant)
    best = best_taus(scores)
    print(sweep_text(scores))
    content = dict(
        config=args.config,
        cfg_options=args.cfg_options or {},
        checkpoint=args.checkpoint,
        part=getattr(model, 'predict_with', None),
        statistics=args.statistics,
        domain=args.domain,
        images=len(dataset),
        mean_over=meant or list(dataset.metainfo['classes']),
        best=best,
        scores=scores,
    )
    title = f'{Path(args.config).stem}, {len(dataset)} images'
    files = dict(
        zip(
            FILES,
            (
                f'{json.dumps(content, indent=2)}\n'.encode(),
                tau_curves(scores, best, title),
            ),
            strict=True,
        )
    )
    check_out(args.out, FILES, args.overwrite)  # of a run at the same time
    for name, data in files.items():
        write_atomically(args.out / name, data)
    print(f'wrote {" and ".join(FILES)} to {args.out}')


def main() -> None:
    """Sweep, and say what is wrong in one line."""
    args = parse_args()
    from mmseg_balance.configuration.error_lines import build_or_exit
    from mmseg_balance.runs.work_dir import default_work_dir

    folder = Path(default_work_dir(args.config))
    args.out = args.out or folder / 'tau_sweep'
    try:
        parts = build_or_exit(lambda: build(args), folder)
        build_or_exit(lambda: run(args, *parts), folder)
    except KeyboardInterrupt:
        print('\ninterrupted: nothing was written', file=sys.stderr)
        sys.exit(130)


if __name__ == '__main__':
    main()
