"""The model of a config, as the runner builds it."""

from mmengine.config import Config


def model_config(cfg: Config) -> dict:
    """Config of the model, with the top-level ``data_preprocessor`` in it.

    Where a model is built without mmengine's runner it would lack the
    normalisation that it was trained with.

    Args:
        cfg: Config with ``model``; not changed.

    Returns:
        A copy of ``model``. It has the ``data_preprocessor`` of the config
        where it has none itself, as the runner does it.
    """
    parts = Config(dict(model=cfg.model.to_dict()))
    if cfg.get('data_preprocessor') is not None:
        parts.model.setdefault(
            'data_preprocessor', cfg.data_preprocessor.to_dict()
        )
    return parts.model
