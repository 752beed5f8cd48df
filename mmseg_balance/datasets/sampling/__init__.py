"""Which images are drawn."""
