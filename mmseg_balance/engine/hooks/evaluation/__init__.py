"""Hooks of validation and tests."""

from .predict_previous_frame_hook import PredictPreviousFrameHook

__all__ = ['PredictPreviousFrameHook']
