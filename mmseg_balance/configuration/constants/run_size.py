"""How long a training is and how large its crops are, read from a config."""

from mmengine.config import Config

from ...files.config_walk import dicts_in
from ...models.declarations import declared, hooks_of
from ...models.run_constants import RunSize
from ..checks.needed_hooks import is_hook
from ..checks.sizes import crops_of, preprocessor_of


def run_size(cfg: Config, part: dict) -> RunSize | None:
    """Size of a training, as a part of its model has it.

    Args:
        cfg: Config of a training run.
        part: Config of the part; hooks that it needs may update it at an
            ``interval``.

    Returns:
        The size; None where the training counts epochs, whose length is
        known with the data alone.
    """
    iterations = cfg.train_cfg.get('max_iters')
    if not isinstance(iterations, int):
        return None
    needed = hooks_of(part)
    intervals = [
        hook.get('interval', 1)
        for hook in cfg.get('custom_hooks') or ()
        if isinstance(hook, dict) and any(is_hook(hook, n) for n in needed)
    ]
    # what is none, the hook refuses when it is built
    counts = [i for i in intervals if isinstance(i, int) and i >= 1]
    updates = iterations // max(counts, default=1)
    return RunSize(iterations, updates, crop_pixels(cfg))


def crop_pixels(cfg: Config) -> int | None:
    """Pixels of the crops that a model is trained on.

    Args:
        cfg: Config of a training run.

    Returns:
        Of the largest; where no pipeline crops, of what batches are padded
        to. None where that is not set, and of a classifier.
    """
    if any(
        declared(part, 'labels_images') is True for part in dicts_in(cfg.model)
    ):
        return None
    sizes = list(dict(crops_of(cfg)).values())
    padded = preprocessor_of(cfg).get('size')
    if not sizes and isinstance(padded, (list, tuple)):
        sizes = [tuple(padded)]
    return max((height * width for height, width in sizes), default=None)
