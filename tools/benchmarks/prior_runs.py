"""The runs of the series over the label shift: sets, trainings, tests."""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from method_runs import CHANGED, ROOT
from prior_report import PART, ratio
from prior_rows import METHODS

from mmseg_balance.datasets.class_statistics.shift import (
    divergence,
    total_variation,
)
from mmseg_balance.datasets.toy_streets import (
    CLASSES,
    SOURCE_FOLDER,
    TARGET_FOLDER,
    ToyStreets,
    generate_toy_streets,
)
from mmseg_balance.files.writing import write_atomically
from mmseg_balance.runs.experiment import Experiment, run_tool

STREETS = ToyStreets(num_second=0)
# images of each domain whose logits are fitted, as in the demo
FITTED_IMAGES = 64
ARGUMENTS = ('--channels-last',)
FIT = ROOT / 'tools/analysis_tools/fit_logit_statistics.py'


class Work(NamedTuple):
    """A training, the rows that take it, and the sets they are tested on."""

    methods: tuple[str, ...]
    seed: int
    factors: tuple[float, ...]


def data_root(data: Path, factor: float, name: str) -> str:
    """Folder of a domain, from the repository where it is in there."""
    path = data / ratio(factor).replace('/', 'over') / name
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def frequencies(data: Path, factor: float, nproc: int = 1) -> dict[str, Any]:
    """Make the set of a factor, and measure how far its pixels shifted.

    Args:
        data: Folder of all sets.
        factor: Its label shift.
        nproc: Processes.

    Returns:
        'total_variation' and 'kl' (nats) of the validation images' classes
        against the source's, 'total_variation_train' of the training images,
        and 'shares' by class of the validation images.
    """
    settings = replace(STREETS, label_shift=factor)
    folder = ROOT / data_root(data, factor, '')
    counts = generate_toy_streets(folder, settings, nproc)
    source, train, val = (
        counts[part].sum(axis=0)
        for part in ('source train', 'target train', 'target val')
    )
    shares = dict(
        zip(CLASSES, (val / val.sum()).round(6).tolist(), strict=True)
    )
    return dict(
        total_variation=round(total_variation(val, source), 4),
        kl=round(divergence(val, source), 4),
        total_variation_train=round(total_variation(train, source), 4),
        shares=shares,
    )


def experiment(
    method: str, seed: int, factor: float, args: argparse.Namespace
) -> Experiment:
    """The training of a row; of factor 1 where it sees no target."""
    row = METHODS[method]
    trained_on = factor if row.adapts else 1.0
    source, target = (
        data_root(args.data, trained_on, name)
        for name in (SOURCE_FOLDER, TARGET_FOLDER)
    )
    # the 50 of the configs; shorter ones are for trials
    warmup = max(min(args.iterations // 10, 50), 1)
    options = {
        'train_dataloader.dataset.source.data_root': source,
        'train_dataloader.dataset.target.data_root': target,
        'val_dataloader.dataset.data_root': target,
        'test_dataloader.dataset.data_root': target,
        'train_cfg.max_iters': args.iterations,
        'train_cfg.val_interval': args.iterations + 1,
        'param_scheduler.0.end': warmup,
        'param_scheduler.1.begin': warmup,
        'param_scheduler.1.end': args.iterations,
        'default_hooks.checkpoint.interval': min(100, args.iterations),
    }
    streets = asdict(replace(STREETS, label_shift=trained_on))
    config = Path('configs') / row.config
    name = f'{config.stem}_{ratio(trained_on).replace("/", "over")}_seed{seed}'
    return Experiment(
        ROOT,
        config,
        args.work_dir,
        options | row.options,
        seed,
        name,
        (PART, *ARGUMENTS, sorted(streets.items())),
    )


def result_file(out: Path, method: str, factor: float, seed: int) -> Path:
    """Where the scores of a run are kept."""
    name = ratio(factor).replace('/', 'over')
    return out / f'{method}_shift{name}_seed{seed}.json'


def finish(
    work: Work, found: dict[float, dict[str, Any]], args: argparse.Namespace
) -> None:
    """Do what is left of a training's results; what is there stays."""
    for factor in work.factors:
        for method in work.methods:
            result = result_file(args.out, method, factor, work.seed)
            if result.is_file():
                continue
            run = experiment(method, work.seed, factor, args)
            if run.checkpoint is None:
                print(f'{run.folder.name}: training', flush=True)
                run.train(ARGUMENTS)
            scores = scores_of(run, method, factor, args)
            data = run.record | dict(
                method=method,
                label_shift=factor,
                frequencies=found[factor],
                **{PART: scores},
            )
            if not run.is_current():
                data['fingerprint'] = CHANGED
            text = json.dumps(data, indent=1) + '\n'
            write_atomically(result, text.encode())
            print(f'{result.stem}: {scores["mIoU"]:.2f}', flush=True)


def scores_of(
    run: Experiment, method: str, factor: float, args: argparse.Namespace
) -> dict[str, float]:
    """Score a trained model on the set of a factor."""
    target = data_root(args.data, factor, TARGET_FOLDER)
    options = {
        'test_dataloader.dataset.data_root': target,
        'model.predict_with': PART,
    }
    name = f'test_{ratio(factor).replace("/", "over")}'
    arguments: list[Any] = []
    tau = METHODS[method].post_hoc
    if tau is not None:
        name += '_post_hoc'
        statistics = run.folder / f'{name}_statistics.pth'
        pairs = run.options | options
        pairs['train_dataloader.dataset.target.data_root'] = target
        run_tool(
            [
                *(FIT, run.config, run.checkpoint, '--overwrite'),
                *('--out', statistics, '--part', PART),
                *('--max-images', FITTED_IMAGES, '--cfg-options'),
                *(f'{key}={value}' for key, value in pairs.items()),
            ],
            run.folder / f'{name}_fit_output.txt',
            cwd=ROOT,
        )
        arguments = ['--post-hoc', statistics, '--tau', tau]
    values = run.test(name, arguments, options)
    return {k: round(v, 4) for k, v in values.items() if 'time' not in k}
