"""The tests lie as the package does."""
