"""A sample, from its files to the two halves of its pipeline."""
