"""What the data of a run hold, told before it or on its own."""
