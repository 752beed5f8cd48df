"""What gpu.py measures and checks, a kind of part a file."""
