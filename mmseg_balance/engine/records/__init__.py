"""What is written down of a training, beside its losses."""
