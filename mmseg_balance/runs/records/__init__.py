"""What a run, a checkpoint or a score is of."""
