"""Evaluations that score temporal consistency: their data sets load pairs."""

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from mmengine.config import Config
from mmseg.registry import DATASETS, METRICS

from ..datasets.loading.leaves import leaf_configs
from ..datasets.loading.transform_kinds import is_image_loader
from ..datasets.sets.video.frame_sequences import FrameSequences
from ..errors import UserValueError
from ..evaluation import TemporalConsistencyMetric
from ..files.config_walk import class_of, dicts_in, type_name

METRIC = TemporalConsistencyMetric.__name__
FRAME_LOADERS = ('LoadPreviousFrame', 'LoadOpticalFlow')
# what moves or packs single images, and what does pairs
OF_PAIRS = dict(
    Resize='ResizeFrames',
    RandomFlip='RandomFlipFrames',
    PackSegInputs='PackFrameInputs',
    PackUDAInputs='PackFrameInputs',
)
OF_IMAGES = dict(
    ResizeFrames='Resize',
    RandomFlipFrames='RandomFlip',
    PackFrameInputs='PackSegInputs',
)


def ask_temporal_score(cfg: Config, previous: int | None) -> None:
    """Score temporal consistency in a test: what ``--temporal`` does.

    Args:
        cfg: Config of a test, changed in place: ``test_evaluator`` gains the
            metric, the data sets ``previous``.
        previous: How much smaller the number of the frame before an image
            is. None: what the data set says, or else 1.

    Raises:
        ValueError: A data set knows no frames before its images.
    """
    evaluators = _listed(cfg.test_evaluator)
    if not any(_scores_pairs(e) for e in evaluators):
        cfg.test_evaluator = [*evaluators, dict(type=METRIC)]
    for key, leaf in _leaves(cfg, 'test'):
        _check_knows_frames(leaf, key)
        if previous is not None or leaf.get('previous') is None:
            leaf['previous'] = previous or 1


def load_scored_pairs(
    cfg: Config, parts: Iterable[str] = ('val', 'test')
) -> list[str]:
    """Let data sets load pairs where temporal consistency is scored.

    Args:
        cfg: Config, changed in place: pipelines of images become those of
            pairs, with flow that is read, or computed by DIS.
        parts: 'val', 'test' or both.

    Returns:
        A line for each pipeline that was changed.

    Raises:
        ValueError: A data set knows no frames before its images, its
            ``previous`` is not set, or its pipeline loads images in another
            way than ``LoadImageFromFile`` does.
    """
    lines = []
    for part in parts:
        evaluators = _listed(cfg.get(f'{part}_evaluator'))
        if not any(_scores_pairs(e) for e in evaluators):
            continue
        for key, leaf in _leaves(cfg, part):
            _check_knows_frames(leaf, key)
            if leaf.get('previous') is None:
                raise UserValueError(
                    f'{key}.previous is not set, and {part}_evaluator has '
                    f'{METRIC}: set it to the difference of the numbers of '
                    'two frames, 1 for one'
                )
            # all images are scored, those without a frame before them, too
            leaf['test_mode'] = True
        for key, data in _with_pipelines(cfg, part):
            if loads_pairs(data['pipeline']):
                continue
            data['pipeline'] = pairs_pipeline(data['pipeline'], key)
            lines.append(
                f'{key}.pipeline loads the frame before each image, and the '
                f'flow to it, for {METRIC}'
            )
    return lines


def loads_pairs(pipeline: Sequence[dict]) -> bool:
    """Whether a pipeline loads the frames before its images.

    Args:
        pipeline: Configs of the transforms.
    """
    return any(type_name(d) == FRAME_LOADERS[0] for d in dicts_in(pipeline))


def pairs_pipeline(pipeline: Sequence[dict], key: str) -> list[dict]:
    """Pipeline of an evaluation on pairs, in the place of one on images.

    Args:
        pipeline: Configs of the transforms.
        key: Key of its data set, for the message.

    Returns:
        Configs that give the same images and labels.

    Raises:
        ValueError: It does not begin with ``LoadImageFromFile``, or gives
            several views of an image.
    """
    first, *rest = copy.deepcopy(list(pipeline))
    names = [type_name(step) for step in pipeline]
    if names[0] != 'LoadImageFromFile' or any(map(is_image_loader, rest)):
        raise UserValueError(
            f'{key}.pipeline begins with {names[0]}, and with {METRIC} the '
            'frame before is read as LoadImageFromFile reads: put '
            "dict(type='LoadImageFromFile') first, or write the pipeline of "
            'pairs yourself (docs/frame_pairs.md)'
        )
    if 'TestTimeAug' in names:
        raise UserValueError(
            f'{key}.pipeline has TestTimeAug, which gives several views of an '
            f'image, and {METRIC} compares two predictions of one view each: '
            'leave one of them away'
        )
    as_the_image = {k: v for k, v in first.items() if k != 'type'}
    load = dict(type='LoadPreviousFrame', repeat_first=True, **as_the_image)
    for step in rest:
        step['type'] = OF_PAIRS.get(type_name(step), step['type'])
    return [first, load, dict(type='LoadOpticalFlow'), *rest]


def frame_loaders(pipeline: Sequence[dict]) -> list[dict]:
    """The transforms that load frames before images, and flow.

    Args:
        pipeline: Configs of the transforms.
    """
    return [dict(d) for d in pipeline if type_name(d) in FRAME_LOADERS]


def images_pipeline(pipeline: Sequence[dict]) -> list[dict]:
    """What a pipeline of pairs does to images and labels.

    Args:
        pipeline: Configs of the transforms, of pairs or not.

    Returns:
        Configs for images alone.
    """
    steps = [
        copy.deepcopy(dict(step))
        for step in pipeline
        if type_name(step) not in FRAME_LOADERS
    ]
    for step in steps:
        if 'type' in step:
            step['type'] = OF_IMAGES.get(type_name(step), step['type'])
    return steps


def _check_knows_frames(leaf: dict, key: str) -> None:
    kind = class_of(leaf, DATASETS)
    if isinstance(kind, type) and issubclass(kind, FrameSequences):
        return
    raise UserValueError(
        f'{key} is a {type_name(leaf)}, which knows no frames before its '
        f'images, and {METRIC} (--temporal) needs them: take '
        'FrameFolderDataset, CityscapesSeqDataset or another data set of '
        'videos (docs/video.md)'
    )


def _leaves(cfg: Config, part: str) -> Iterator[tuple[str, dict]]:
    place = f'{part}_dataloader'
    dataset = (cfg.get(place) or {}).get('dataset')
    yield from leaf_configs(dataset, f'{place}.dataset')


def _with_pipelines(cfg: Config, part: str) -> Iterator[tuple[str, dict]]:
    for key, leaf in _leaves(cfg, part):
        if leaf.get('pipeline'):
            yield key, leaf


def _listed(evaluators: Any) -> list[dict]:
    if evaluators is None:
        return []
    return [evaluators] if isinstance(evaluators, dict) else list(evaluators)


def _scores_pairs(evaluator: dict) -> bool:
    return getattr(class_of(evaluator, METRICS), 'scores_pairs', False)
