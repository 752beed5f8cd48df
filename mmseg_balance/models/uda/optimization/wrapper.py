"""Several ranks without DistributedDataParallel."""

import torch
from mmengine.dist import broadcast
from mmengine.optim import OptimWrapper
from mmengine.registry import MODEL_WRAPPERS
from torch import nn

from .sequential_backward import average_norm_statistics


# in mmengine's own registry: the runner asks that one for the class
@MODEL_WRAPPERS.register_module()
class UDAModelWrapper(nn.Module):
    """Runs a UDA model on several ranks.

    DDP's graph hooks do not go together with several backward passes an
    iteration, parameters that an objective leaves unused, and sub-modules
    called on their own. Here all ranks start from rank 0's state, the model
    averages its gradients once before the optimizer's step, and batch norm
    statistics are averaged after it, so that all ranks stay equal.

    Args:
        module: The model; the runner gives it.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        with torch.no_grad():
            for tensor in module.state_dict().values():
                broadcast(tensor, src=0)

    def train_step(
        self, data: dict, optim_wrapper: OptimWrapper
    ) -> dict[str, float]:
        """One iteration."""
        logs = self.module.train_step(data, optim_wrapper)
        average_norm_statistics(self.module)
        return logs

    def val_step(self, data: dict) -> list:
        """Predictions of a validation batch."""
        return self.module.val_step(data)

    def test_step(self, data: dict) -> list:
        """Predictions of a test batch."""
        return self.module.test_step(data)

    def forward(self, *args, **kwargs):
        """Forward of the model."""
        return self.module(*args, **kwargs)
