"""Translators of images between two domains, and how they are trained."""

from .cyclegan import CycleGAN
from .discriminators import PatchDiscriminator
from .generators import ResnetGenerator

__all__ = ['CycleGAN', 'PatchDiscriminator', 'ResnetGenerator']
