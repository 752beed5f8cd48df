"""Toy streets: 19-class street scenes in three domains, drawn by a program."""

from .domains import DOMAINS, Domain
from .generate import (
    CLASSES,
    ToyStreets,
    draw_panoptic_street,
    draw_street,
    generate_toy_streets,
)
from .layouts import SECOND_FOLDER, SOURCE_FOLDER, TARGET_FOLDER
from .motion.draw import draw_sequence
from .motion.generate import generate_toy_sequences
from .motion.settings import ToySequences

__all__ = [
    'CLASSES',
    'DOMAINS',
    'Domain',
    'SECOND_FOLDER',
    'SOURCE_FOLDER',
    'TARGET_FOLDER',
    'ToySequences',
    'ToyStreets',
    'draw_panoptic_street',
    'draw_sequence',
    'draw_street',
    'generate_toy_sequences',
    'generate_toy_streets',
]
