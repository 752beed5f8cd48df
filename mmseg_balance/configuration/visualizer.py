"""What draws predictions, by what the model predicts."""

from mmengine.config import Config

from ..files.config_walk import dicts_in, type_name
from ..models.declarations import declared

SEMANTIC, PANOPTIC = 'SegLocalVisualizer', 'PanopticLocalVisualizer'
CLASSES = 'ClassLocalVisualizer'


def draw_segments(cfg: Config) -> None:
    """Let the pictures of a panoptic model show its segments.

    The visualizer stands in a ``_base_`` file that all configs share.

    Args:
        cfg: Config, overrides included; ``visualizer.type`` becomes
            ``PanopticLocalVisualizer`` where it is ``SegLocalVisualizer``
            and the model has an ``instance_head``.
    """
    visualizer = cfg.get('visualizer')
    if type_name(visualizer) == SEMANTIC and any(
        part.get('instance_head') for part in dicts_in(cfg.get('model'))
    ):
        visualizer.type = PANOPTIC


def draw_classes(cfg: Config) -> None:
    """Let the pictures of a classifier show the names of classes.

    Args:
        cfg: Config, overrides included; ``visualizer.type`` becomes
            ``ClassLocalVisualizer`` where it is ``SegLocalVisualizer`` and
            a part of the model ``labels_images``.
    """
    visualizer = cfg.get('visualizer')
    if type_name(visualizer) == SEMANTIC and any(
        declared(part, 'labels_images') is True
        for part in dicts_in(cfg.get('model'))
    ):
        visualizer.type = CLASSES
