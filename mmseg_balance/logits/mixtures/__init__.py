"""Banks of 1-D Gaussian mixtures and their EM (Eq. 8, Alg. 1)."""

from .em import em_moments, em_step, mixture_cdf
from .gmm import GaussianMixtureBank

__all__ = ['GaussianMixtureBank', 'em_moments', 'em_step', 'mixture_cdf']
