"""A trained model over images."""

from importlib import import_module
from typing import Any

# each takes a second to import, and few commands need one
_HOMES = dict(
    Predictor='predictor',
    Prediction='predictor',
    VideoFrame='predictor.image_pipeline',
    PredictionRun='predictor.run',
    RunOptions='files.prediction_options',
    find_inputs='files.inputs',
    paint='files.outputs',
)
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'.{_HOMES[name]}', __name__), name)
