"""EM of the mixtures of up to three banks, in one launch.

Equal to the functions of ``mixtures.joint``, which call these operators where
kernels run. Samples of a bank are float32 (mixtures, n), contiguous; what does
not count is NaN, infinite or beyond ``largest``.
"""

from typing import Sequence  # noqa: UP035  (what torch 2.6 knows)

import torch
from torch import Tensor

# Samples of a program at one time, times the components it has them for.
_TILE = 2048
_LARGEST_BLOCK = 256
# Components of a mixture that fit in registers beside them.
MAX_COMPONENTS = 32


@torch.library.custom_op('mmseg_balance::sample_sums', mutates_args=())
def sample_sums(samples: Sequence[Tensor], largest: float) -> Tensor:
    """Number, sum and sum of squares of the samples of each mixture.

    Args:
        samples: Of each bank, (mixtures, n).
        largest: Samples beyond this do not count.

    Returns:
        float64 (3, M), M mixtures in all.
    """
    from .programs.em import sums_program

    mixtures = sum(map(len, samples))
    result = _double(samples[0], 3, mixtures)
    with torch.cuda.device_of(samples[0]):
        sums_program[(mixtures,)](
            *_arguments(samples), result, BLOCK=_LARGEST_BLOCK, LARGEST=largest
        )
    return result


@sample_sums.register_fake
def _(samples: Sequence[Tensor], largest: float) -> Tensor:
    return _double(samples[0], 3, sum(map(len, samples)))


@torch.library.custom_op('mmseg_balance::em_moments', mutates_args=())
def em_moments(
    samples: Sequence[Tensor],
    parameters: Tensor,
    largest: float,
    floor: float,
) -> Tensor:
    """E step of all mixtures, and what the M step needs of it.

    Args:
        samples: Of each bank, (mixtures, n).
        parameters: Weights, means and variances, (3, M, K).
        largest: Samples beyond this do not count.
        floor: Added to the likelihood of each component.

    Returns:
        See ``mixtures.em.em_moments``, float64 (3, M, K).
    """
    from .programs.em import moments_program

    _, mixtures, num_components = parameters.shape
    result = _double(parameters, *parameters.shape)
    with torch.cuda.device_of(parameters):
        moments_program[(mixtures,)](
            *_arguments(samples),
            parameters,
            result,
            **_sizes(num_components),
            LARGEST=largest,
            FLOOR=floor,
        )
    return result


@em_moments.register_fake
def _(
    samples: Sequence[Tensor],
    parameters: Tensor,
    largest: float,
    floor: float,
) -> Tensor:
    return _double(parameters, *parameters.shape)


@torch.library.custom_op('mmseg_balance::update_mixtures', mutates_args=())
def update_mixtures(
    samples: Sequence[Tensor],
    parameters: Tensor,
    counters: Tensor,
    quantiles: Tensor,
    num_loops: int,
    momentum: float,
    warmup: int,
    min_variance: float,
    initialize: bool,
    largest: float,
    floor: float,
) -> tuple[Tensor, Tensor]:
    """All EM loops of all mixtures, the momentum step, and the counters.

    Args:
        samples: Of each bank, (mixtures, n).
        parameters: Weights, means and variances, float32 (3, M, K).
        counters: Updates of each mixture, its staleness, and the step of
            each bank, int64 (2 M + banks).
        quantiles: Of the standard normal distribution, where the components
            of a mixture begin, float32 (K,).
        num_loops: EM loops T.
        momentum, warmup, min_variance: See ``GaussianMixtureBank``.
        initialize: Whether mixtures that were never updated are placed over
            their samples first.
        largest: Samples beyond this do not count.
        floor: Added to the likelihood of each component.

    Returns:
        New parameters and counters.
    """
    from .programs.em import update_program

    _, mixtures, num_components = parameters.shape
    new_parameters = torch.empty_like(parameters)
    new_counters = counters.clone()  # the steps grow once for all mixtures
    with torch.cuda.device_of(parameters):
        update_program[(mixtures,)](
            *_arguments(samples),
            parameters,
            counters,
            quantiles,
            new_parameters,
            new_counters,
            num_loops,
            momentum,
            float(warmup),
            min_variance,
            INITIALIZE=initialize,
            **_sizes(num_components),
            LARGEST=largest,
            FLOOR=floor,
        )
    return new_parameters, new_counters


@update_mixtures.register_fake
def _(
    samples: Sequence[Tensor],
    parameters: Tensor,
    counters: Tensor,
    *_settings: object,
) -> tuple[Tensor, Tensor]:
    return torch.empty_like(parameters), torch.empty_like(counters)


def _arguments(samples: Sequence[Tensor]) -> tuple:
    """Three pointers, mixtures of the first two banks, samples of a mixture.

    Banks that are not there have no mixtures.
    """
    missing = 3 - len(samples)
    sizes = [*map(len, samples), 0, 0][:2]
    nums = [*(s.shape[1] for s in samples), 0, 0][:3]
    return (*samples, *[samples[0]] * missing, *sizes, *nums)


def _double(like: Tensor, *shape: int) -> Tensor:
    return torch.empty(shape, dtype=torch.float64, device=like.device)


def _sizes(num_components: int) -> dict[str, int]:
    """Components, also filled up to a power of two, and samples of a block."""
    width = 1 << (num_components - 1).bit_length()
    block = min(_TILE // width, _LARGEST_BLOCK)
    return dict(K=num_components, WIDTH=width, BLOCK=block)
