"""One domain of a training: its data sets as one sequence of samples."""
