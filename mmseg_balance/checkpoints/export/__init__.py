"""A trained segmentor as a config and weights of its own."""
