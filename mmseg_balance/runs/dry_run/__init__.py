"""A step and a validation on copies, before the run."""
