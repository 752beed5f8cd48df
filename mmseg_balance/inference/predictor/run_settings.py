"""What predictions in a folder depend on."""

import hashlib
from typing import Any

import numpy as np

from ...files.hashing import hash_file
from ...models.segmentors import PostHocSegmentor
from .image_pipeline import test_steps
from .predictor import Predictor


def run_settings(predictor: Predictor, ids: np.ndarray) -> dict[str, Any]:
    """What predictions in a folder depend on.

    Args:
        predictor: The model.
        ids: Value of each class in label files.

    Returns:
        Values that JSON keeps.
    """
    model = predictor.model
    balance = dict(post_hoc=None)
    if isinstance(model, PostHocSegmentor):
        balance = dict(
            post_hoc=hash_file(model.statistics_path),
            tau=float(model.tau),
            domain=model.domain,
        )
        model = model.segmentor
    network = repr([predictor.cfg.model.to_dict(), test_steps(predictor.cfg)])
    # The first that differs is named. The network is another one by its
    # hash where the part is.
    return dict(
        weights=hash_file(predictor.checkpoint),
        part=getattr(model, 'predict_with', None),
        **balance,
        ids=ids.tolist(),
        network=hashlib.sha256(network.encode()).hexdigest(),
    )
