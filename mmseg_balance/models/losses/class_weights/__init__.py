"""Counts, gradients and histories that class weights come from."""
