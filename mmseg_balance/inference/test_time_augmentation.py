"""Test time augmentation of configs that have no settings for it."""

import copy
from collections.abc import Sequence

from mmengine.config import Config

from ..datasets.loading.transform_kinds import is_label_loader
from ..errors import UserValueError
from ..files.config_walk import dicts_in, type_name
from ..models.declarations import declared


def set_test_time_augmentation(cfg: Config) -> list[str]:
    """Wrap the model for test time augmentation: what ``--tta`` does.

    Args:
        cfg: Config of a test, changed in place: ``model`` and
            ``test_dataloader``. Without ``tta_model`` the model becomes
            MMSegmentation's ``SegTTAModel``, without ``tta_pipeline`` each
            image is tested with its mirror image.

    Returns:
        Lines for the user.

    Raises:
        ValueError: The test set has no pipeline of its own, or the model
            predicts what is not merged over views.
    """
    for part in dicts_in(cfg.model):
        reason = declared(part, 'unmerged_views')
        if reason:
            raise UserValueError(
                f'--tta averages the logits of several views, and model has a '
                f'{type_name(part)}, which {reason}: leave --tta away'
            )
    data = cfg.test_dataloader.dataset
    if not data.get('pipeline'):
        raise UserValueError(
            '--tta needs test_dataloader.dataset.pipeline, which it replaces '
            f'by tta_pipeline, but test_dataloader.dataset is a '
            f'{type_name(data)} without one'
        )
    lines = []
    if not cfg.get('tta_pipeline'):
        lines.append(
            '--tta: the config has no tta_pipeline, so each image is tested '
            'with its mirror image'
        )
        cfg.tta_pipeline = mirrored(data.pipeline)
    wrapper = copy.deepcopy(cfg.get('tta_model') or dict(type='SegTTAModel'))
    preprocessor = cfg.model.get('data_preprocessor')
    if preprocessor is not None:
        # or the runner would exchange it for the one at the top level
        wrapper.setdefault('data_preprocessor', preprocessor)
    wrapper['module'] = cfg.model
    data.pipeline = cfg.tta_pipeline
    cfg.model = wrapper
    return lines


def mirrored(pipeline: Sequence[dict]) -> list[dict]:
    """Pipeline of a test that gives each image and its mirror image.

    Args:
        pipeline: Configs of the transforms, the first of which loads the
            image, and the last packs it.

    Returns:
        Configs of the transforms; labels are not mirrored, as predictions
        are mirrored back.
    """
    first, *rest = copy.deepcopy(list(pipeline))
    place = next(
        (i for i, t in enumerate(rest) if is_label_loader(t)),
        len(rest) - 1,
    )
    keys = rest[-1].get('meta_keys')
    if keys is not None:  # without them nothing is mirrored back
        new = [k for k in ('flip', 'flip_direction') if k not in keys]
        rest[-1]['meta_keys'] = (*keys, *new)
    steps = [[transform] for transform in rest]
    flips = [dict(type='RandomFlip', prob=float(flip)) for flip in (0, 1)]
    steps.insert(place, flips)
    return [first, dict(type='TestTimeAug', transforms=steps)]
