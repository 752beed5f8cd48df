"""Models that predict no labels, where labels are asked for."""

from mmengine.config import Config

from ...errors import UserValueError
from ...files.config_walk import type_name
from ...models.declarations import declared


def check_predicts_labels(cfg: Config) -> None:
    """Refuse a model whose class says that it ``predicts_no_labels``.

    Args:
        cfg: Config with ``model``.

    Raises:
        ValueError: Names the model, and the command that runs it.
    """
    reason = declared(cfg.model, 'predicts_no_labels')
    if reason is not None:
        raise UserValueError(
            f'model.type of {cfg.filename or "the config"} is '
            f'{type_name(cfg.model)}, which {reason}'
        )
