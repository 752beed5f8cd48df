"""Toy streets: 19-class street scenes in two domains, drawn by a program."""

from .domains import DOMAINS, Domain
from .generate import (
    CLASSES,
    SOURCE_FOLDER,
    TARGET_FOLDER,
    ToyStreets,
    draw_street,
    generate_toy_streets,
)

__all__ = [
    'CLASSES',
    'DOMAINS',
    'Domain',
    'SOURCE_FOLDER',
    'TARGET_FOLDER',
    'ToyStreets',
    'draw_street',
    'generate_toy_streets',
]
