"""Files that cannot be used, and samples in their place."""

from collections.abc import Callable
from typing import Any

from ...errors import UserError, UserRuntimeError, UserValueError
from ..seeding import hash_seed, seed_cpu_generators

POLICIES = ('stop', 'skip')
# so many in a row are no accident: a folder is gone, or a disk
MAX_IN_A_ROW = 16
LEFT_OUT_KEY = 'left_out_images'


class BadFileError(UserError):
    """An image or label that cannot be used; the message names it."""


class UnreadableFileError(BadFileError, OSError):
    """A file that is missing or cannot be decoded."""


class WrongLabelError(BadFileError, ValueError):
    """A label with values outside the classes, or of another size."""


def check_policy(policy: str) -> None:
    """Refuse an unknown ``on_bad_image``.

    Args:
        policy: Its value.

    Raises:
        ValueError: It is neither 'stop' nor 'skip'.
    """
    if policy not in POLICIES:
        raise UserValueError(
            "on_bad_image: expected 'stop' or 'skip', found "
            f'{policy!r}; it belongs to train_dataloader.dataset'
        )


def draw_until_good(
    first: Callable[[], Any],
    again: Callable[[], Any],
    seed: int | None,
    name: str,
) -> Any:
    """Draw a sample, and another one in the place of one that is bad.

    What is drawn in its place is a function of the seed alone, wherever
    reading stopped.

    Args:
        first: Draws the sample.
        again: Draws another one, by the global generators.
        seed: Seed of the draw; None leaves the generators as they are.
        name: 'source' or 'target'.

    Returns:
        The sample. What was left out for it stands in the meta data of its
        ``data_samples`` under ``LEFT_OUT_KEY``: a message for each file.

    Raises:
        RuntimeError: 16 in a row were bad.
    """
    left_out: list[str] = []
    draw = first
    while True:
        try:
            sample = draw()
        except BadFileError as error:
            left_out.append(str(error))
            if len(left_out) == MAX_IN_A_ROW:
                raise UserRuntimeError(
                    f'{MAX_IN_A_ROW} {name} images in a row cannot be used '
                    "(on_bad_image='skip'), the last since: "
                    f'{error}; look whether the folder is still there'
                ) from error
            if seed is not None:
                stream = f'{name} in place of a bad one'
                seed_cpu_generators(hash_seed(stream, seed, len(left_out)))
            draw = again
            continue
        if left_out and hasattr(sample.get('data_samples'), 'set_metainfo'):
            sample['data_samples'].set_metainfo({LEFT_OUT_KEY: left_out})
        return sample
