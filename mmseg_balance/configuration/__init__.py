"""Configs: how they are read, what does not fit, and how that is said."""
