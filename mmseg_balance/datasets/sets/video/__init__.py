"""Data sets whose images are frames of sequences."""
