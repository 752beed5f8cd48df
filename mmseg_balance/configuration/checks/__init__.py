"""What does not fit in a config, said before anything is built."""
