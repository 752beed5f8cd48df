"""Losses of an instance branch."""
