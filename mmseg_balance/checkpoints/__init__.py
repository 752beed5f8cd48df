"""Weights: where they come from, what a run takes of them, how it keeps."""
