"""One pass of a trained model over a data set, and what it gives."""
