"""Post-hoc class balancing (Eq. 7), as commands and scripts ask for it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config
from torch import nn

from ..configuration.checks.post_hoc import refuse_post_hoc
from ..configuration.model_config import model_config
from ..errors import UserValueError
from ..files.config_walk import type_name
from ..models.segmentors import PostHocSegmentor


def balancing(
    post_hoc: str | Path | None = None,
    tau: float | None = None,
    domain: str | None = None,
) -> dict[str, Any]:
    """Arguments of ``PostHocSegmentor`` beside the segmentor.

    Args:
        post_hoc: File of the statistics. None: nothing is balanced.
        tau: Scale of the offset. Default: 1.
        domain: Whose distributions it takes. Default: 'target'.

    Returns:
        The arguments; none where nothing is balanced.

    Raises:
        ValueError: Settings of balancing where there is none.
    """
    options = {
        key: value
        for key, value in (('tau', tau), ('domain', domain))
        if value is not None
    }
    if post_hoc is not None:
        return dict(statistics=str(post_hoc), **options)
    if options:
        raise UserValueError(
            f'{" and ".join(options)} without post_hoc '
            f'({" and ".join(f"--{o}" for o in options)} without --post-hoc '
            'STATISTICS), whose settings they are'
        )
    return {}


def balance_model(cfg: Config, settings: Mapping[str, Any]) -> None:
    """Wrap the model of a config.

    Args:
        cfg: Config, whose ``model`` is changed.
        settings: Of :func:`balancing`. None of them: it stays as it is.

    Raises:
        ValueError: It is balanced already.
    """
    if settings:
        refuse_post_hoc(cfg)
        cfg.model = dict(
            type='PostHocSegmentor', segmentor=cfg.model, **settings
        )


def part_from_balancing(cfg: Config) -> tuple[Config, dict[str, Any]]:
    """Take the balancing off the model of a config.

    Args:
        cfg: Config; its model may be a ``PostHocSegmentor``.

    Returns:
        Config of the segmentor alone; and as :func:`balancing`.
    """
    if type_name(cfg.get('model') or {}) != 'PostHocSegmentor':
        return cfg, {}
    inner = Config(cfg._cfg_dict.to_dict(), filename=cfg.filename)
    settings = model_config(inner)
    inner.model = settings.pop('segmentor')
    preprocessor = settings.pop('data_preprocessor', None)
    if preprocessor is not None:
        inner.model.setdefault('data_preprocessor', preprocessor)
    settings.pop('type')
    return inner, dict(settings)


def segmentor_of(model: nn.Module) -> nn.Module:
    """The model that a checkpoint is of.

    Args:
        model: A segmentor; of a ``PostHocSegmentor`` the one within.
    """
    return model.segmentor if isinstance(model, PostHocSegmentor) else model


def check_balancing(
    model: nn.Module, checkpoint: str, classes: Sequence[str] | None
) -> list[str]:
    """Whether a model is balanced by statistics of its own logits.

    Args:
        model: The model. One that is no ``PostHocSegmentor`` has none.
        checkpoint: File of its weights.
        classes: Names of the classes that are predicted, where known.

    Returns:
        Lines for the user, see :func:`check_origin`.

    Raises:
        ValueError: They are of other classes, or in another order.
    """
    if not isinstance(model, PostHocSegmentor):
        return []
    return check_origin(
        model.statistics_meta,
        model.statistics_path,
        checkpoint,
        getattr(model.segmentor, 'predict_with', None),
        classes,
    )


def check_origin(
    meta: Mapping[str, Any],
    statistics: str,
    checkpoint: str,
    part: str | None,
    classes: Sequence[str] | None,
) -> list[str]:
    """Compare where statistics come from with what they are used for.

    Args:
        meta: What ``load_statistics`` returned beside them.
        statistics: Their file, for messages.
        checkpoint: File of the weights.
        part: 'student' or 'teacher' of a UDA model, None for a segmentor.
        classes: Names of the classes that are predicted, where known.

    Returns:
        Lines for the user: other weights than those may have logits of other
        distributions.

    Raises:
        ValueError: They are of other classes, or in another order.
    """
    fitted = list(meta.get('classes') or classes or ())
    if classes is not None and fitted != list(classes):
        raise UserValueError(
            f'{statistics} is of the classes {", ".join(fitted)}, the model '
            f'is tested on {", ".join(classes)}: make statistics of '
            f'{checkpoint} with mmseg-balance logits fit'
        )
    lines = []
    origin = meta.get('checkpoint')
    if origin is not None and not _same_file(origin, checkpoint):
        whose = (
            'were followed in the training of'
            if _same_file(origin, statistics)
            else 'are of'
        )
        lines.append(f'they {whose} {origin}, what predicts is {checkpoint}')
    own = meta.get('part') or 'student'
    if own != (part or 'student'):
        lines.append(f"they are the {own}'s, what predicts is the {part}")
    return [
        f'{statistics}: {line}; the logits of other weights are distributed '
        'otherwise'
        for line in lines
    ]


def _same_file(first: str, second: str) -> bool:
    return Path(first).resolve() == Path(second).resolve()
