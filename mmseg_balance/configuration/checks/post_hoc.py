"""Configs whose model is balanced post hoc already."""

from mmengine.config import Config

from ...errors import UserValueError
from ...files.config_walk import keyed_dicts, type_name
from ...models.declarations import declared

BALANCED = 'whose logits are balanced already'


def refuse_post_hoc(cfg: Config, reason: str = BALANCED) -> None:
    """Refuse a model that balances logits where its segmentor is needed.

    Its scores have the shape of logits, and would pass for them.

    Args:
        cfg: Config with ``model``.
        reason: What is wrong with it, for the message.

    Raises:
        ValueError: Names the key, the file and the remedy.
    """
    for key, part in keyed_dicts(dict(model=cfg.get('model'))):
        if declared(part, 'balances_logits'):
            raise UserValueError(
                f'{key} of {cfg.filename or "the config"} is a '
                f'{type_name(part)}, {reason}: give the config of its '
                'segmentor'
            )
