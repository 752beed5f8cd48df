"""By which rule scores in classes that two data sets share are counted."""

import torch
from torch import Tensor

# what the scores of each are called, and what a reader should know
RULES = {
    'uvda': "UVDA's rule: riders are ignored, and so is every pixel whose "
    'label or prediction is outside the shared classes',
    'davsn': 'the rule of DA-VSN, TPS and CMOM: riders are persons, every '
    'labelled pixel counts',
    'plain': 'riders are ignored, every other labelled pixel counts, also '
    'where what is predicted is outside the shared classes',
}


def drop_outside(confusion: Tensor, shared: Tensor) -> Tensor:
    """Leave out pixels whose label or prediction is no shared class.

    With a network whose outputs are the shared classes alone, no prediction
    is outside, and this ignores labels. With more outputs it lifts scores:
    errors towards classes outside are forgiven.

    Args:
        confusion: Counts (C, C), rows are labels and columns are
            predictions.
        shared: Which classes are shared, bool (C,).

    Returns:
        Counts (C, C), 0 in the rows and columns of all others.
    """
    inside = shared[:, None] & shared[None, :]
    return torch.where(inside, confusion, torch.zeros_like(confusion))
