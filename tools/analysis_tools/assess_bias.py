"""Name the classes that a checkpoint predicts too often, and show why.

python tools/analysis_tools/assess_bias.py CONFIG CHECKPOINT

One pass over test_dataloader with its labels. Prints and draws the bias
towards each class, measured and from its distributions of logits (Eq. 4, 5,
Fig. 1c, 1d and Table 15 of the BLDA paper).
"""

import argparse
import json
import sys
from pathlib import Path

import mmseg_balance  # noqa: F401  (registers everything)
from mmseg_balance.configuration.data_roots import add_data_root
from mmseg_balance.configuration.options import OptionAction

FILES = ('bias.json', 'bias.png', 'logits.png')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description='Bias of a checkpoint towards each class, from its '
        'predictions of the test set and from its logits'
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument(
        '--statistics',
        metavar='FILE',
        help='take the anchors from FILE, which fit_logit_statistics.py '
        'wrote, or a checkpoint trained with BLDALoss; by default they are '
        'fitted to the test set itself',
    )
    parser.add_argument(
        '--out',
        type=Path,
        metavar='FOLDER',
        help=f'folder for {", ".join(FILES)}; by default '
        'work_dirs/<name of the config file>/bias',
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


def read_anchors(args: argparse.Namespace, model, classes: list[str]):
    """Anchors of a file, and what they are, in words."""
    from mmseg_balance.inference.statistics_origin import check_origin
    from mmseg_balance.logits.statistics.file import load_statistics

    path = args.statistics
    statistics, meta = load_statistics(path, len(classes))
    part = getattr(model, 'predict_with', None)
    for line in check_origin(meta, path, args.checkpoint, part, classes):
        print(f'warning: {line}', file=sys.stderr)
    if not bool((statistics.anchors.num_updates > 0).all()):
        raise ValueError(f'--statistics {path} has an anchor without samples')
    whose = statistics.anchor
    if isinstance(whose, int):
        whose = f'class {classes[whose]} on the source'
    origin = meta.get('checkpoint')
    of = f', which is of {origin}' if origin and origin != path else ''
    return statistics.anchors, f'{path} ({whose}){of}'


def build(args: argparse.Namespace):
    """Config, model, test set and anchors, all checked."""
    from mmseg_balance.configuration.reading import load_config
    from mmseg_balance.inference.evaluation_set import build_labelled_test_set
    from mmseg_balance.inference.prediction import build_predictor
    from mmseg_balance.runs.out_files import check_out, make_folder

    check_out(args.out, FILES, args.overwrite)
    cfg, model = build_predictor(
        load_config(args.config, args.cfg_options, args.data_root),
        args.checkpoint,
        part=args.part,
        device=args.device,
    )
    dataset = build_labelled_test_set(cfg)
    anchors = None
    if args.statistics:
        classes = list(dataset.metainfo['classes'])
        anchors = read_anchors(args, model, classes)
    make_folder(args.out)
    return cfg, model, dataset, anchors


def measure(model, dataset, num_workers: int = 2):
    """One pass: confusion matrix, and logits of the same pixels."""
    import torch
    from tqdm import tqdm

    from mmseg_balance.evaluation import confusion_matrix
    from mmseg_balance.inference.evaluation_set import TEST_SET
    from mmseg_balance.inference.prediction import predict_logits
    from mmseg_balance.logits.statistics.reservoir import LogitReservoir

    num_classes = len(dataset.metainfo['classes'])
    reservoir = LogitReservoir(num_classes)
    confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64)
    images = predict_logits(model, dataset, num_workers=num_workers)
    for image in tqdm(images, 'predict', total=len(dataset), unit='image'):
        reservoir.add(image.logits, image.labels, image.index)
        confusion += confusion_matrix(
            image.logits.argmax(0), image.labels, num_classes
        ).cpu()
    if not bool(confusion.any()):
        raise ValueError(f'no pixel of {TEST_SET} has a label of a class')
    return confusion, reservoir


def bar(parts, name: str):
    """Progress of a computation, on stderr."""
    from tqdm import tqdm

    return tqdm(parts, name, leave=False)


def draw(assessment, bank, anchors) -> dict[str, bytes]:
    """The pictures, by file name."""
    from mmseg_balance.visualization.bias_figure import bias_bars
    from mmseg_balance.visualization.logit_figure import logit_ridges

    classes, bias = assessment.classes, assessment.bias
    pictures = {'bias.png': bias_bars(classes, bias, assessment.mixture_bias)}
    if assessment.mixture_bias.isnan().all():
        print('no logits.png: every class has too few pixels for mixtures')
        return pictures
    pictures['logits.png'] = logit_ridges(classes, bias, bank, anchors)
    return pictures


def run(args: argparse.Namespace, cfg, model, dataset, anchors) -> None:
    """Measure, print, and write the files."""
    from mmseg_balance.evaluation.bias_assessment import assess
    from mmseg_balance.evaluation.bias_report import report_dict, report_text
    from mmseg_balance.files.writing import write_atomically
    from mmseg_balance.logits.statistics.offline import fit_statistics
    from mmseg_balance.runs.out_files import check_out

    workers = cfg.test_dataloader.get('num_workers', 2)
    confusion, reservoir = measure(model, dataset, workers)
    print('fitting the distributions of the logits ...', flush=True)
    statistics = fit_statistics(
        reservoir, device=next(model.parameters()).device, track=bar
    )
    anchors, words = anchors or (
        statistics.anchors,
        'all logits of the test set itself',
    )
    classes = dataset.metainfo['classes']
    assessment = assess(
        confusion, statistics.source, anchors, classes, words, track=bar
    )
    part = getattr(model, 'predict_with', None)
    of = f'{part} of {args.checkpoint}' if part else args.checkpoint
    print(f'{of} on {len(dataset)} images')
    print(report_text(assessment))
    print('drawing ...', flush=True)
    files = draw(assessment, statistics.source, anchors)
    origin = dict(
        config=args.config,
        cfg_options=args.cfg_options or {},
        checkpoint=args.checkpoint,
        part=part,
        statistics=args.statistics,
        images=len(dataset),
    )
    content = json.dumps(origin | report_dict(assessment), indent=2)
    files['bias.json'] = f'{content}\n'.encode()
    check_out(args.out, FILES, args.overwrite)  # of a run at the same time
    for name in FILES:
        if name in files:
            write_atomically(args.out / name, files[name])
        else:  # one of the run that --overwrite replaces
            (args.out / name).unlink(missing_ok=True)
    print(f'wrote {", ".join(sorted(files))} to {args.out}')


def main() -> None:
    """Assess, and say what is wrong in one line."""
    args = parse_args()
    from mmseg_balance.configuration.error_lines import build_or_exit
    from mmseg_balance.runs.work_dir import default_work_dir

    folder = Path(default_work_dir(args.config))
    args.out = args.out or folder / 'bias'
    try:
        parts = build_or_exit(lambda: build(args), folder)
        build_or_exit(lambda: run(args, *parts), folder)
    except KeyboardInterrupt:
        print('\ninterrupted: nothing was written', file=sys.stderr)
        sys.exit(130)


if __name__ == '__main__':
    main()
