"""Fit the distributions of logits that post-hoc balancing needs.

For any trained checkpoint, with BLDALoss or without:

python tools/analysis_tools/fit_logit_statistics.py CONFIG CHECKPOINT

Source logits are those of the labelled pixels of
train_dataloader.dataset.source, or of the whole train_dataloader.dataset of a
supervised training; target logits those of the pseudo-labelled pixels of
train_dataloader.dataset.target, or of the images of --target-images. Without
a target there are source logits alone. An interrupted command goes on where
it stopped when it is repeated.
"""

import argparse
import sys
from pathlib import Path

import mmseg_balance  # noqa: F401  (registers everything)
from mmseg_balance.configuration.data_roots import add_data_root
from mmseg_balance.configuration.options import OptionAction

FILE = 'logit_statistics.pth'


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Fit the distributions of the logits of a trained model '
        'to its training sets, as post-hoc balancing needs them'
    )
    parser.add_argument('config', help='config file of the training run')
    parser.add_argument('checkpoint', help='checkpoint file of that run')
    parser.add_argument(
        '--out',
        type=Path,
        metavar='FILE',
        help='file to write; by default work_dirs/<name of the config file>/'
        + FILE,
    )
    parser.add_argument(
        '--overwrite', action='store_true', help='replace FILE'
    )
    parser.add_argument(
        '--part',
        choices=['student', 'teacher'],
        help='which segmentor; by default the one that model.predict_with '
        'of the config names',
    )
    parser.add_argument(
        '--target-images',
        metavar='FOLDER',
        help='take all images below FOLDER as target, without labels',
    )
    parser.add_argument(
        '--threshold',
        type=float,
        default=0.0,
        metavar='T',
        help='confidence that a target pixel needs for a pseudo-label; by '
        'default 0, all pixels, as BLDALoss takes them',
    )
    parser.add_argument(
        '--max-images',
        type=int,
        metavar='N',
        help='look at N images of each data set, evenly spread over it',
    )
    parser.add_argument(
        '--anchor',
        default='source',
        help="whose logits the anchors follow: 'source' (default), 'target', "
        'or the name of a class',
    )
    parser.add_argument(
        '--num-components',
        type=int,
        default=5,
        metavar='K',
        help='components of each mixture (default: 5)',
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
    from mmseg_balance.runs.out_files import check_out_file

    if not 0 <= args.threshold <= 1:
        raise ValueError(
            f'Expected --threshold to be in [0, 1], but got {args.threshold}'
        )
    for name in ('max_images', 'num_components'):
        value = getattr(args, name)
        if value is not None and value < 1:
            option = name.replace('_', '-')
            raise ValueError(
                f'Expected --{option} to be at least 1, but got {value}'
            )
    check_out_file(args.out, args.overwrite)


def build(args: argparse.Namespace):
    """Config, model, data sets and the pass over them, all checked."""
    from mmseg_balance.configuration.reading import load_config
    from mmseg_balance.inference.domain_data import (
        build_domains,
        check_trained_classes,
    )
    from mmseg_balance.inference.prediction import build_predictor
    from mmseg_balance.inference.statistics_pass import (
        StatisticsPass,
        pass_settings,
        spread,
    )

    check_args(args)
    cfg, model = build_predictor(
        load_config(args.config, args.cfg_options, args.data_root),
        args.checkpoint,
        part=args.part,
        device=args.device,
    )
    domains = build_domains(cfg, args.target_images)
    classes = check_trained_classes(domains['source'], model, args.checkpoint)
    find_anchor(args.anchor, classes)
    if args.anchor == 'target' and 'target' not in domains:
        raise ValueError(
            '--anchor target, but train_dataloader.dataset has no target: '
            'name a folder of its images with --target-images'
        )
    settings = pass_settings(
        cfg,
        args.checkpoint,
        domains,
        part=getattr(model, 'predict_with', None),
        threshold=args.threshold,
        max_images=args.max_images,
    )
    partial = args.out.with_name(f'{args.out.name}.partial')
    state = StatisticsPass(partial, settings, len(classes), args.threshold)
    if state.resume():
        print(f'going on from {partial}')
        for line in state.changed_code:
            print(f'warning: {partial}: {line}', file=sys.stderr)
    data = {key: spread(domains[key], args.max_images) for key in domains}
    return cfg, model, data, classes, state


def find_anchor(anchor: str, classes: list[str]) -> str | int:
    """The ``anchor`` of LogitStatistics for an option of the command line."""
    if anchor in ('source', 'target'):
        return anchor
    if anchor not in classes:
        raise ValueError(
            "Expected --anchor to be 'source', 'target' or one of "
            f'{", ".join(classes)}, but got {anchor!r}'
        )
    return classes.index(anchor)


def fit(args: argparse.Namespace, state, data, classes: list[str], device):
    """Fit what was collected of each domain."""
    from tqdm import tqdm

    from mmseg_balance.logits.statistics.offline import fit_statistics

    anchor = find_anchor(args.anchor, classes)
    try:
        return fit_statistics(
            **{domain: state.reservoirs[domain] for domain in data},
            num_components=args.num_components,
            anchor=anchor,
            device=device,
            track=lambda parts, name: tqdm(parts, name, leave=False),
        )
    except ValueError as error:
        # it knows the number of the class, the user gave the name
        named = f'--anchor {args.anchor} (class {anchor})'
        text = str(error).replace(f'anchor={anchor}', named)
        raise ValueError(text) from error


def table(classes: list[str], state, domains) -> str:
    """Pixels and samples of each class in each domain."""
    width = max(map(len, classes))
    titles = dict(source='source', target='target, pseudo-labels')
    lines = [
        f'{"":{width}}' + ''.join(f'  {titles[d]:^23}' for d in domains),
        f'{"class":{width}}'
        + f'  {"pixels":>13}  {"samples":>8}' * len(domains),
    ]
    for c, name in enumerate(classes):
        line = f'{name:{width}}'
        for domain in domains:
            reservoir = state.reservoirs[domain]
            pixels = int(reservoir.num_pixels[c])
            samples = min(pixels, reservoir.capacity)
            line += f'  {pixels:13d}  {samples:8d}'
        lines.append(line)
    return '\n'.join(lines)


def run(args: argparse.Namespace) -> None:
    """Collect logits, fit them, and say what came of it."""
    from mmseg_balance.configuration.error_lines import build_or_exit
    from mmseg_balance.logits.statistics.file import save_statistics

    folder = args.out.parent
    cfg, model, data, classes, state = build_or_exit(
        lambda: build(args), folder
    )
    num_workers = cfg.train_dataloader.get('num_workers', 2)
    for domain, images in data.items():
        state.collect(model, images, domain, num_workers)
    print(table(classes, state, list(data)))
    print('fitting ...', flush=True)
    statistics = build_or_exit(
        lambda: fit(
            args, state, data, classes, next(model.parameters()).device
        ),
        folder,
    )
    for domain in data:
        fitted = getattr(statistics, domain).num_updates.diagonal() > 0
        left = [n for n, f in zip(classes, fitted, strict=True) if not f]
        if left:
            print(
                f'{domain}: not fitted, since they have fewer than '
                f'{statistics.min_samples} pixels: {", ".join(left)}; their '
                'rows have offset 0'
            )
    checkpoint = args.checkpoint
    if '://' not in checkpoint:  # for tools in other folders
        checkpoint = str(Path(checkpoint).resolve())
    meta = dict(
        config=args.config,
        checkpoint=checkpoint,
        part=getattr(model, 'predict_with', None),
        threshold=args.threshold,
        classes=classes,
        images={key: len(images) for key, images in data.items()},
        pixels={
            key: state.reservoirs[key].num_pixels.tolist() for key in data
        },
        # what tells whether they are still those of a command
        settings=state.settings
        | dict(anchor=args.anchor, num_components=args.num_components),
    )
    save_statistics(args.out, statistics, meta)
    state.path.unlink(missing_ok=True)
    print(f'wrote {args.out}')
    if 'target' not in data:
        print(
            'of the source alone, since train_dataloader.dataset has no '
            'target: balance with --domain source, or fit again with '
            '--target-images FOLDER'
        )


def main() -> None:
    """Run, and say how to go on after an interruption."""
    args = parse_args()
    from mmseg_balance.runs.work_dir import default_work_dir

    if args.out is None:
        args.out = Path(default_work_dir(args.config)) / FILE
    try:
        run(args)
    except KeyboardInterrupt:
        print('\ninterrupted; the same command goes on', file=sys.stderr)
        sys.exit(130)


if __name__ == '__main__':
    main()
