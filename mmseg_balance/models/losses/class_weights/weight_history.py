"""What class weights did over the last iterations."""

import torch
from torch import Tensor


class WeightHistory:
    """Mean, largest value and variance of class weights, by branch.

    Added up on the device, so that nothing waits for it, until they are
    taken. Not in the state dict: they are a log, and start anew.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._largest: dict[str, Tensor] = {}

    @torch.no_grad()
    def add(self, weights: Tensor, branch: str) -> None:
        """Note the weights of a call.

        Args:
            weights: float64 (C,).
            branch: What they are of: 'source' images; 'mixed', 'target' (for
                entropy), or 'all' of an iteration.
        """
        moments = torch.stack([torch.ones_like(weights), weights, weights**2])
        if branch in self._sums:
            self._sums[branch] += moments
            largest = torch.maximum(self._largest[branch], weights)
            self._largest[branch] = largest
        else:
            self._sums[branch] = moments
            self._largest[branch] = weights.clone()

    def take(self) -> dict[str, dict[str, list[float]]]:
        """Statistics since the last time, and start anew.

        Returns:
            By branch: the number of 'calls', and 'mean', 'max' and
            'variance' (over calls, ddof 0) of each class.
        """
        taken = {}
        for branch, (count, total, squares) in self._sums.items():
            mean = total / count
            variance = (squares / count - mean**2).clamp(min=0)
            taken[branch] = dict(
                calls=int(count[0]),
                mean=mean.tolist(),
                max=self._largest[branch].tolist(),
                variance=variance.tolist(),
            )
        self._sums.clear()
        self._largest.clear()
        return taken
