"""Classes of target pixels, drawn from the teacher's probabilities."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class SampledLabels:
    """A class for each pixel, drawn from the teacher's probabilities.

    A pixel that is counted once, for class c with probability p_c, adds in
    expectation to each class what it would add with weight p_c: so sums over
    pixels need no weights, and whatever takes labels takes these.

    Attributes:
        classes: Class c with probability p_c, (N, H, W).
        confidence: The largest p_c of each pixel, float32 (N, H, W). None:
            the classes are no draw, but labels that count as they are.
    """

    classes: Tensor
    confidence: Tensor | None = None

    def moved(self, move: Callable[[Tensor], Tensor]) -> 'SampledLabels':
        """Those of images whose pixels lie elsewhere.

        Args:
            move: Gives a map (N, H, W) of the new images to one of the old.
        """
        known = self.confidence
        return SampledLabels(
            move(self.classes), None if known is None else move(known)
        )

    def behind(self, labels: Tensor) -> 'SampledLabels':
        """Those of a batch that begins with images of the source.

        Args:
            labels: Of n source images, (n, H, W); of the target images as
                many follow.
        """
        num = len(labels)
        known = self.confidence
        if known is not None:
            known = torch.cat([torch.ones_like(known[:num]), known[:num]])
        return SampledLabels(torch.cat([labels, self.classes[:num]]), known)


@torch.no_grad()
def sample_labels(logits: Tensor) -> SampledLabels:
    """Draw a class for each pixel from the softmax of its logits.

    What else is drawn in a run is the same with and without it.

    Args:
        logits: Of a teacher, (N, C, H, W).

    Returns:
        Classes, int64, and how sure the teacher is.
    """
    probabilities = logits.float().softmax(1)
    confidence = probabilities.amax(1)
    drawn = _uniform(confidence)
    below = torch.zeros_like(confidence)
    classes = torch.zeros_like(confidence, dtype=torch.long)
    # a plane after the other, which on the CPU takes a third of ``cumsum``;
    # what is beyond the last but one is of the last
    for plane in probabilities.unbind(1)[:-1]:
        below += plane
        classes += drawn >= below
    return SampledLabels(classes, confidence)


def _uniform(like: Tensor) -> Tensor:
    """Numbers in [0, 1) of a stream of their own, of a shape.

    Its seed is of the CPU's generator, which the host need not wait for.
    """
    with torch.random.fork_rng(devices=[]):
        seed = int(torch.randint(2**62, (), device='cpu'))
    generator = None
    if not like.is_meta:
        generator = torch.Generator(like.device).manual_seed(seed)
    return torch.rand(like.shape, generator=generator, device=like.device)
