"""Draws sequences of toy streets."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ....errors import UserRuntimeError
from ..domains import DOMAINS, Look
from ..layouts import SPLITS
from ..render import CLASSES
from ..settings import PERIOD
from ..street import build_scene
from .flow import Flow, flow_to_previous
from .frame import Frame, MovingStreet, first_labels, paint
from .motions import draw_motion
from .settings import ToySequences
from .surfaces import RecordingCamera
from .textures import Textures

ATTEMPTS = 50
SHARE = 3e-4
# other streets than those that stand still
STREAM = 7


class Moment(NamedTuple):
    """A frame, and the flow from it to the one before.

    Attributes:
        frame: The frame.
        flow: None of the first frame.
    """

    frame: Frame
    flow: Flow | None


def draw_sequence(
    domain: str, split: str, index: int, settings: ToySequences
) -> Iterator[Moment]:
    """Draw the frames of one sequence.

    Args:
        domain: ``source`` or ``target``.
        split: ``train`` or ``val``.
        index: From 0. Sequences in a row take turns in showing the classes.
        settings: Size, frames and seed.

    Yields:
        Its frames.
    """
    street = draw_moving_street(domain, split, index, settings)
    previous = paint(street, 0)
    yield Moment(previous, None)
    for number in range(1, settings.frames):
        frame = paint(street, number)
        yield Moment(frame, flow_to_previous(street, frame, previous))
        previous = frame


def draw_moving_street(
    domain: str, split: str, index: int, settings: ToySequences
) -> MovingStreet:
    """Draw a street and how it moves.

    Args:
        domain, split, index, settings: See :func:`draw_sequence`.

    Returns:
        The street; its first frame shows the classes whose turn it is.

    Raises:
        RuntimeError: No street does.
    """
    required = {
        name for c, name in enumerate(CLASSES) if c % PERIOD == index % PERIOD
    } - DOMAINS[domain].absent
    key = [list(DOMAINS).index(domain), SPLITS.index(split), index]
    least = max(SHARE * settings.height * settings.width, 2)
    for attempt in range(ATTEMPTS):
        seed = [settings.seed, STREAM, *key, attempt]
        street = _draw(domain, required, settings, seed)
        labels = first_labels(street)
        counts = np.bincount(labels.ravel(), minlength=len(CLASSES))
        # an object may end up behind another one
        if all(counts[CLASSES.index(name)] >= least for name in required):
            return street
    raise UserRuntimeError(
        f'{domain} {split} sequence {index}: no street of {settings.height} x '
        f'{settings.width} pixels shows {sorted(required)}; choose another '
        'seed or size'
    )


def _draw(
    domain: str, required: set[str], settings: ToySequences, seed: list[int]
) -> MovingStreet:
    rng = np.random.default_rng(seed)
    scene = build_scene(
        settings.height,
        settings.width,
        DOMAINS[domain],
        required,
        rng,
        RecordingCamera,
    )
    assert isinstance(scene.camera, RecordingCamera)
    motion = draw_motion(scene, scene.camera, rng)
    look = _of_one_sequence(DOMAINS[domain].look, rng)
    visibility = rng.uniform(*look.visibility)
    textures = Textures.draw(look, rng)
    return MovingStreet(scene, motion, look, visibility, textures, seed)


def _of_one_sequence(look: Look, rng: np.random.Generator) -> Look:
    """What does not change from one frame to the next."""
    fixed = {
        name: (rng.uniform(*getattr(look, name)),) * 2
        for name in ('blur', 'exposure', 'gamma', 'noise')
    }
    return replace(look, **fixed)
