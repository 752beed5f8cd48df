"""The look of one image given to another."""
