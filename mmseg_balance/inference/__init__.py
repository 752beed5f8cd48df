"""A trained model over images."""
