"""Commands for data sets of sequences."""
