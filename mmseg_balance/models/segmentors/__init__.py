"""Wrappers of trained segmentors."""

from .post_hoc_segmentor import PostHocSegmentor

__all__ = ['PostHocSegmentor']
