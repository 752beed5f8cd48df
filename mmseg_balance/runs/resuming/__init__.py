"""Whether a checkpoint fits a run that goes on, and what it gives to it."""
