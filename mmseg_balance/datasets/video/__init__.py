"""Pairs of video frames: the earlier one, the flow to it, joint geometry."""
