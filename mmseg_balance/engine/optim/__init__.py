"""Optimizer wrappers, and how they are built."""
