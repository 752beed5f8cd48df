"""Toy streets that move: sequences with their exact optical flow."""
