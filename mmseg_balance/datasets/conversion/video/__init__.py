"""Public data sets of sequences, as their data sets here read them."""
