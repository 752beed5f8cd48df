"""Banks of 1-D Gaussian mixtures and their EM (Eq. 8, Alg. 1)."""
