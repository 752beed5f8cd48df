"""Checkpoints of the public repositories."""
