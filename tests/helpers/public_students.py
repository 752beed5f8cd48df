"""Students in the names that public code gives their parameters."""

from collections.abc import Mapping

from helpers.mit_layout import original_layout
from helpers.public_parameters import parameters_by_rule
from torch import Tensor, nn

from mmseg_balance.models.backbones import mmseg_mit_keys

BACKBONE = 'backbone.'
INSTANCES = 'instance_head.'  # whose parts stand beside the decode head there


def by_public_name(own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Parameters, or gradients, of a student with a MiT by public names.

    Args:
        own: By the names here; some may be missing, but queries, keys and
            values are one.

    Returns:
        The same numbers; the weights of fully connected layers are flat.
    """
    backbone = {
        name.removeprefix(BACKBONE): value
        for name, value in own.items()
        if name.startswith(BACKBONE)
    }
    found = {BACKBONE + k: v for k, v in original_layout(backbone).items()}
    for name, value in own.items():
        if not name.startswith(BACKBONE):
            found[name.removeprefix(INSTANCES)] = value
    return found


def state_by_rule(student: nn.Module, prefix: str = '') -> dict[str, Tensor]:
    """Parameters by the rule of the reference runs, by the names here.

    Args:
        student: A segmentor with a MiT.
        prefix: Of its public names, 'ema.' for one.
    """
    own = student.state_dict()
    names = {
        name.removeprefix(INSTANCES): name
        for name in own
        if not name.startswith(BACKBONE)
    }
    shapes = {k: tuple(v.shape) for k, v in by_public_name(own).items()}
    made = parameters_by_rule([prefix + k for k in shapes], shapes.values())
    made = {k.removeprefix(prefix): v for k, v in made.items()}
    backbone = mmseg_mit_keys(
        {
            k.removeprefix(BACKBONE): made.pop(k)
            for k in list(made)
            if k.startswith(BACKBONE)
        }
    )
    return {BACKBONE + k: v for k, v in backbone.items()} | {
        names[k]: v for k, v in made.items()
    }
