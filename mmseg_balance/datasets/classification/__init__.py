"""Data sets whose labels are one an image."""
