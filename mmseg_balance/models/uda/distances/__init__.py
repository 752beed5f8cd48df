"""Distances between features or attention maps."""
