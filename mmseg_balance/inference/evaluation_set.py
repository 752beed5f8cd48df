"""The test set of a config, for tools that go over it without a runner."""

from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmseg.registry import DATASETS

from ..datasets.checks import check_data_configs, check_evaluation_set
from ..datasets.sets.video.shared_classes import SHARED_CLASSES
from ..errors import UserValueError

TEST_SET = 'test_dataloader.dataset'


def build_labelled_test_set(cfg: Config) -> Any:
    """Build the data set of ``test_dataloader``, with labels that are right.

    Args:
        cfg: Config of a training or of an evaluation.

    Returns:
        The data set.

    Raises:
        FileNotFoundError: A folder or a label is missing.
        OSError: A label cannot be decoded.
        ValueError: There is no test set, it loads no labels, or its labels
            are not right.
    """
    if not (cfg.get('test_dataloader') or {}).get('dataset'):
        raise UserValueError(
            f'{cfg.filename} has no {TEST_SET}: set it to a data set with '
            'labels'
        )
    init_default_scope(cfg.get('default_scope', 'mmseg'))
    check_data_configs(Config(dict(test_dataloader=cfg.test_dataloader)))
    dataset = DATASETS.build(cfg.test_dataloader.dataset.to_dict())
    check_evaluation_set(dataset, TEST_SET)
    if not len(dataset):
        raise UserValueError(
            f'{TEST_SET} has no image: look at its data_prefix'
        )
    if 'gt_sem_seg' not in dataset[0]['data_samples']:
        raise UserValueError(
            f"{TEST_SET} loads no labels: put dict(type='LoadAnnotations') "
            'into its pipeline, and set data_prefix.seg_map_path to their '
            'folder'
        )
    return dataset


def headline_classes(cfg: Config) -> list[str] | None:
    """Classes that means of ``test_evaluator`` are over.

    Args:
        cfg: Config of a training or of an evaluation.

    Returns:
        Those of ``headline`` of its ``BalancedIoUMetric``, or the shared ones
        of its ``SharedClassesMetric``; None: all.
    """
    evaluators = cfg.get('test_evaluator') or []
    if isinstance(evaluators, dict):
        evaluators = [evaluators]
    for metric in evaluators:
        if metric.get('headline') is not None:
            return list(metric['subsets'][metric['headline']])
        if metric.get('type') == 'SharedClassesMetric':
            return list(metric.get('shared', SHARED_CLASSES))
    return None
