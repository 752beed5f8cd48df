"""Two validation images through model and metric, and the scores' names."""

import copy
import difflib
import tempfile
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from mmengine.dist import get_dist_info
from mmengine.evaluator import Evaluator
from mmengine.hooks import CheckpointHook, EarlyStoppingHook
from mmengine.runner import Runner
from mmengine.runner.amp import autocast
from mmseg.evaluation import IoUMetric
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader

from ...errors import UserValueError
from ...evaluation import (
    BalancedIoUMetric,
    ClassificationMetric,
    PanopticQualityMetric,
    TemporalConsistencyMetric,
)
from ...models.frames.earlier_predictions import predict_earlier

# images whose size is looked up to find two that differ
NUM_SIZES = 512


def validate_two(model: nn.Module, loop: Any, num_ranks: int = 1) -> dict:
    """Predict and score two validation images.

    Args:
        model: A copy of the model, in evaluation mode afterwards.
        loop: ``ValLoop`` of the run, left as it is.
        num_ranks: Processes that do so at once.

    Returns:
        Scores of the metrics by name.
    """
    evaluator = copied_evaluator(loop.evaluator)
    loader = loop.dataloader
    dataset = copy.deepcopy(loader.dataset)
    model.eval()
    with tempfile.TemporaryDirectory() as folder:
        for metric in evaluator.metrics:
            if getattr(metric, 'output_dir', None) is not None:
                metric.output_dir = folder
        count = 0
        for indices in two_images(loader):
            samples = [dataset[i] for i in indices]
            batch = loader.collate_fn(samples)
            fp16 = getattr(loop, 'fp16', False)
            with torch.no_grad(), autocast(enabled=fp16):
                if any(_scores_pairs(m) for m in evaluator.metrics):
                    predict_earlier(model, model.val_step, batch)
                outputs = model.val_step(batch)
            evaluator.process(data_samples=outputs, data_batch=batch)
            count += len(indices)
        return evaluator.evaluate(count * num_ranks)


def _scores_pairs(metric: Any) -> bool:
    """Whether a metric needs predictions of the frames before the images."""
    return getattr(metric, 'scores_pairs', False)


def copied_evaluator(evaluator: Evaluator) -> Evaluator:
    """A copy without results.

    Args:
        evaluator: That of a loop.
    """
    evaluator = copy.deepcopy(evaluator)
    for metric in evaluator.metrics:
        metric.results = []
        # one that names files apart would fill the results of the original
        vars(metric).pop('process', None)
    return evaluator


def two_images(loader: DataLoader) -> list[list[int]]:
    """Batches of the images to try, two in all where there are two.

    Args:
        loader: Of validation.

    Returns:
        Indices of each batch: two images of different size that the run
        would put in one batch, if the first 512 images have such; else the
        smallest and the largest, one by one where they differ in size.
    """
    dataset, batch_size = loader.dataset, loader.batch_size or 1
    num_ranks = get_dist_info()[1]
    sizes = [_image_size(dataset, i) for i in range(_num_sizes(dataset))]
    in_order = not getattr(loader.sampler, 'shuffle', False)
    if batch_size > 1 and in_order:
        for first in range(len(sizes)):
            # a rank takes every num_ranks-th image
            position = first // num_ranks
            second = first + num_ranks
            if (
                (position + 1) % batch_size
                and second < len(sizes)
                and None not in (sizes[first], sizes[second])
                and sizes[first] != sizes[second]
            ):
                return [[first, second]]
    known = [i for i, size in enumerate(sizes) if size is not None]
    if known:
        area = {i: sizes[i][0] * sizes[i][1] for i in known}
        low, high = min(known, key=area.get), max(known, key=area.get)
        if low != high and sizes[low] != sizes[high]:
            return [[low], [high]]
    indices = sorted({0, len(dataset) - 1})
    return [indices] if batch_size > 1 else [[i] for i in indices]


def _num_sizes(dataset: Any) -> int:
    """Number of images to look at; 0 where files cannot be asked for."""
    asks = hasattr(dataset, 'get_data_info')
    return min(len(dataset), NUM_SIZES) if asks else 0


def _image_size(dataset: Any, index: int) -> tuple[int, int] | None:
    """Width and height that the head of a file says, None without one."""
    try:
        with Image.open(dataset.get_data_info(index)['img_path']) as image:
            return image.size
    except Exception:  # noqa: BLE001  (reading it says what is wrong)
        return None


def check_scores(runner: Runner, scores: dict) -> None:
    """Refuse names of scores that validation will not give.

    Args:
        runner: The runner, built.
        scores: What two images gave.

    Raises:
        ValueError: ``save_best``, ``monitor`` of early stopping or of a
            schedule names another; or nothing is scored.
    """
    wanted = list(_wanted_scores(runner))
    metrics = runner.val_loop.evaluator.metrics
    saving = [m for m in metrics if getattr(m, 'format_only', False)]
    if saving and len(saving) == len(metrics):
        key = wanted[0][0] if wanted else None
        if key or all(m.output_dir is None for m in saving):
            raise UserValueError(
                'val_evaluator.format_only is True, so validation gives no '
                'score'
                + (f', which {key} asks for' if key else ' and saves nothing')
                + ': leave it away, or set it in test_evaluator alone'
            )
        return
    known = (
        *(IoUMetric, ClassificationMetric),
        *(PanopticQualityMetric, TemporalConsistencyMetric),
    )
    if not all(isinstance(metric, known) for metric in metrics):
        return  # of others it is not known which scores they may give
    names = {*scores, *possible_scores(metrics)}
    for key, name in wanted:
        if '_labelled' in name:
            raise UserValueError(
                f'{key} is {name!r}, which there is only where a class has '
                f'no labelled pixel: take {name.replace("_labelled", "")!r}'
            )
        if name == 'auto' or name in names:
            continue
        near = difflib.get_close_matches(name, names, 3, 0.5)
        near = near or sorted(names)[:8]
        raise UserValueError(
            f'{key} is {name!r}, which validation does not give: '
            f'val_evaluator gives {", ".join(near)}'
            + (', ...' if len(near) < len(names) else '')
        )


def _wanted_scores(runner: Runner) -> Iterable[tuple[str, str]]:
    """Key of the config and score that it names."""
    for hook in runner.hooks:
        if isinstance(hook, CheckpointHook) and hook.save_best:
            for name in hook.key_indicators:
                yield 'default_hooks.checkpoint.save_best', name
        if isinstance(hook, EarlyStoppingHook):
            yield 'monitor of EarlyStoppingHook', hook.monitor
    schedules = runner.param_schedulers or []
    if isinstance(schedules, dict):
        schedules = [s for part in schedules.values() for s in part]
    for schedule in schedules:
        if getattr(schedule, 'need_val_args', False):
            kind = type(schedule).__name__
            yield f'param_scheduler.monitor of {kind}', schedule.monitor


def possible_scores(metrics: Sequence[Any]) -> set[str]:
    """Names of the scores that depend on what is labelled.

    Args:
        metrics: Metrics with the classes of their data set.

    Returns:
        Names for labels of all classes, and for those of all but the last.
    """
    names = set()
    for metric in metrics:
        if isinstance(
            metric, (PanopticQualityMetric, TemporalConsistencyMetric)
        ):
            names |= metric.possible_scores()
        kinds = (BalancedIoUMetric, ClassificationMetric)
        saves = getattr(metric, 'format_only', False)
        if not isinstance(metric, kinds) or saves:
            continue
        count = len(metric.dataset_meta['classes'])
        # the first class is over-predicted, the others under-predicted
        confusion = 3 * torch.eye(count, dtype=torch.int64)
        confusion[:, 0] += 1
        partial = confusion.clone()
        partial[-1] = 0
        for matrix in (confusion, partial):
            scores = metric.scores(matrix) if matrix.sum() else {}
            prefix = f'{metric.prefix}/' if metric.prefix else ''
            names |= {f'{prefix}{name}' for name in scores}
    return names
