"""Configs: how they are read, and what does not fit in them."""
