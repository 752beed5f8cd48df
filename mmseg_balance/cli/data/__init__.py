"""Commands on data sets: train ids, statistics, checks."""
