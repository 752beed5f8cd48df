"""Figures of the distributions of logits, and of what follows from them."""
