"""Toy objects: images of 12 classes in two domains, drawn by a program."""

from .generate import generate_toy_objects
from .render import draw_object
from .settings import CLASSES, DOMAINS, ToyObjects

__all__ = [
    'CLASSES',
    'DOMAINS',
    'ToyObjects',
    'draw_object',
    'generate_toy_objects',
]
