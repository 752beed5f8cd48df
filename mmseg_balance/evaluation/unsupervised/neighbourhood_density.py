"""Soft neighbourhood density of predictions, without labels."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

# of the paper, for all of its tasks
TEMPERATURE = 0.05
# Pixels of an image, as the authors take them for segmentation.
PIXELS = 100
# Images of a classifier, which are all compared with one another.
IMAGES = 8192
# Similarities of one chunk: 32 MB.
_CHUNK = 2**22


@torch.no_grad()
def soft_neighbourhood_density(
    probabilities: Tensor, temperature: float = TEMPERATURE
) -> float:
    r"""Mean entropy of each prediction's similarity to the others.

    "Tune it the Right Way: Unsupervised Validation of Domain Adaptation via
    Soft Neighborhood Density" (Saito et al., ICCV 2021): with the
    predictions scaled to length 1,

    .. math:: P_{ij} = \frac{\exp(f_i \cdot f_j / T)}
        {\sum_{k \ne i} \exp(f_i \cdot f_k / T)}, \quad
        SND = -\frac{1}{N} \sum_i \sum_{j \ne i} P_{ij} \log P_{ij}

    Larger is better: predictions have many neighbours that are alike. The
    released code for segmentation (VisionLearningGroup/SND) leaves j = i in,
    adds 1e-5 within the logarithm, and divides the sum over images by one
    image less than there are; here it is the formula.

    Args:
        probabilities: One prediction a row, (N, C).
        temperature: T.

    Returns:
        Nats, from 0 to log(N - 1); NaN of fewer than two predictions.

    Example:
        >>> alike = torch.tensor([[1.0, 0.0]] * 5)
        >>> round(soft_neighbourhood_density(alike), 4)  # log 4
        1.3863
    """
    features = F.normalize(probabilities.double(), dim=1)
    num = len(features)
    if num < 2:
        return math.nan
    total = features.new_zeros(())
    size = max(_CHUNK // num, 1)
    for start in range(0, num, size):
        rows = features[start : start + size]
        similarity = rows @ features.T / temperature
        # a prediction is no neighbour of its own
        similarity.diagonal(start).fill_(-math.inf)
        total += torch.special.entr(similarity.softmax(1)).sum()
    return float(total / num)
