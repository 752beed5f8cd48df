"""Constants of methods against the length of a training."""
