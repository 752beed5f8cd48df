"""A translated copy of the source images of a training."""
