"""How a model was evaluated: which part, balanced or not, on which images."""

from typing import Any

from mmengine.config import Config

from ...configuration.temporal_score import (
    frame_loaders,
    images_pipeline,
    loads_pairs,
)
from ...datasets.loading.leaves import leaf_configs
from ...files.config_walk import type_name
from .result import Result

POST_HOC = 'PostHocSegmentor'
AUGMENTED = 'SegTTAModel'
PANOPTIC_METRIC = 'PanopticQualityMetric'


def part_of(evaluated: Config | None) -> str:
    """The segmentor that predicted.

    Args:
        evaluated: Config of an evaluation.

    Returns:
        'student' or 'teacher'; empty where the model has no parts.
    """
    model = _inner((evaluated or {}).get('model') or {})
    if model.get('predict_with'):
        return str(model['predict_with'])
    # the default of a model around a segmentor
    return 'student' if 'segmentor' in model else ''


def balancing_of(evaluated: Config | None) -> str:
    """Post-hoc balancing and test-time augmentation, in words.

    Args:
        evaluated: Config of an evaluation.

    Returns:
        ' + post-hoc, tau 0.5' for one; empty where there is neither.
    """
    model = (evaluated or {}).get('model') or {}
    words = ''
    if type_name(model) == AUGMENTED:
        model, words = model.get('module') or {}, ' + TTA'
    if type_name(model) == POST_HOC:
        words = f' + post-hoc, tau {model.get("tau", 1):g}{words}'
        if model.get('domain', 'target') != 'target':
            words += f', of the {model["domain"]}'
    return words


def tau_of(evaluated: Config | None) -> float | None:
    """Scale of post-hoc balancing; None where there is none."""
    model = (evaluated or {}).get('model') or {}
    if type_name(model) != POST_HOC:
        return None
    return float(model.get('tau', 1))


def procedure_of(result: Result) -> dict[str, Any]:
    """What a score depends on beside weights and images.

    Args:
        result: The result.

    Returns:
        Model without what :func:`part_of` and :func:`balancing_of` name,
        pipeline, classes that means are over, what predicted void is, how
        pairs of frames were loaded, and how statistics were fitted.
    """
    evaluated = result.evaluated
    if evaluated is None:
        return {}
    model = dict(_inner(evaluated.get('model') or {}))
    model.pop('predict_with', None)
    loader = evaluated.get('test_dataloader') or {}
    leaves = list(leaf_configs(_dataset(loader), ''))
    pipelines = {
        f'pipeline {i}' if i else 'pipeline': images_pipeline(
            leaf.get('pipeline') or ()
        )
        for i, (_, leaf) in enumerate(leaves)
    }
    evaluators = evaluated.get('test_evaluator') or []
    if isinstance(evaluators, dict):
        evaluators = [evaluators]
    # of shared classes the rule says what means are over
    named = [e.get('headline') or e.get('rule') for e in evaluators]
    headlines = [name for name in named if name]
    panoptic = [e for e in evaluators if type_name(e) == PANOPTIC_METRIC]
    # of models without segments nothing is said
    voids = {}
    if panoptic:
        voids['void_as_road'] = any(e.get('void_as_road') for e in panoptic)
    # of single images nothing is said
    frames = {}
    pairs = [leaf for _, leaf in leaves if loads_pairs(leaf.get('pipeline'))]
    if pairs:
        steps = [frame_loaders(leaf['pipeline']) for leaf in pairs]
        frames = dict(previous=[leaf.get('previous') for leaf in pairs])
        frames = dict(frames=dict(frames, loaded=steps))
    return dict(
        model=model,
        test_dataloader=pipelines,
        headlines=headlines,
        **voids,
        **frames,
        statistics=dict(evaluated.get('statistics') or {}),
    )


def images_of(result: Result) -> dict[str, Any]:
    """The images that a result is of, as far as its config tells.

    Args:
        result: The result.

    Returns:
        Configs of the test sets without pipelines, names of classes and
        what only says how files are read; empty where there is none.
    """
    loader = (result.evaluated or {}).get('test_dataloader') or {}
    kept = {'type', 'data_prefix', 'ann_file', 'data_root', 'indices'}
    # which files of a folder are images, and what their labels become
    kept |= {'split', 'domain', 'recordings', 'numbers', 'every', 'only'}
    kept |= {'riders'}
    return {
        str(i): {key: leaf[key] for key in leaf if key in kept}
        for i, (_, leaf) in enumerate(leaf_configs(_dataset(loader), ''))
        if leaf
    }


def _dataset(loader: Any) -> Any:
    return loader.get('dataset') or {}


def _inner(model: Any) -> Any:
    """The model within those that augment and balance."""
    while type_name(model) in (POST_HOC, AUGMENTED):
        inner = model.get('segmentor') or model.get('module')
        if not isinstance(inner, dict):
            return {}
        model = inner
    return model
