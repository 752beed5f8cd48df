"""A uniform sample of each class's logits from a pass over a data set."""

from typing import Any

import torch
from torch import Tensor

from ...errors import UserValueError
from .sampling import ANCHOR_SAMPLES

# 16384 samples give a CDF to 0.4 % (one standard error at the median).
CLASS_SAMPLES = 16384
# Bytes of the samples of all classes; C * C * 4 for each of a class's pixels.
MAX_BYTES = 2**28
_LARGEST_KEY = torch.iinfo(torch.int64).max


class LogitReservoir:
    """A uniform sample of the pixels of each class, with all their logits.

    What the distributions of Definition 1 (Eq. 3) are fitted to.

    Every labelled pixel gets a random key that follows from the seed, the
    index of its image and its place there alone; the pixels of the smallest
    keys are kept. That is a uniform sample without replacement of whatever
    was added so far, the same one in whichever order, and with whatever
    interruption, the images come. A second sample, over the labelled pixels
    of all classes, serves the anchors.

    Args:
        num_classes: Number of classes C, at least 2.
        capacity: Pixels that are kept of a class. Default: 16384, or as many
            as all classes can have in 256 MiB.
        seed: Seed of the keys.

    Attributes:
        num_pixels: Pixels of each class that were added, int64 (C,).

    Raises:
        ValueError: A setting out of range.

    Example:
        >>> reservoir = LogitReservoir(num_classes=3, capacity=50)
        >>> labels = torch.zeros(10, 10).long()
        >>> labels[0] = 1
        >>> reservoir.add(torch.randn(3, 10, 10), labels, index=0)
        >>> samples, valid = reservoir.class_samples()
        >>> samples.shape, valid.sum(1)
        (torch.Size([3, 3, 50]), tensor([50, 10,  0]))
    """

    def __init__(
        self, num_classes: int, capacity: int | None = None, seed: int = 0
    ) -> None:
        if num_classes < 2:
            raise UserValueError(
                'Expected `num_classes` to be at least 2, but got '
                f'{num_classes}'
            )
        if capacity is None:
            fitting = MAX_BYTES // (4 * num_classes**2)
            capacity = max(min(CLASS_SAMPLES, fitting), 1)
        if capacity < 1:
            raise UserValueError(
                f'Expected `capacity` to be at least 1, but got {capacity}'
            )
        self.num_classes = num_classes
        self.capacity = capacity
        self.seed = seed
        # ranks: none, one process goes over the data set
        self.num_pixels = torch.zeros(num_classes, dtype=torch.long)
        self._classes = [
            _SmallestKeys(capacity, num_classes) for _ in range(num_classes)
        ]
        self._all = _SmallestKeys(ANCHOR_SAMPLES, num_classes)

    @torch.no_grad()
    def add(self, logits: Tensor, labels: Tensor, index: int) -> None:
        """Take in the pixels of one image, or a batch of classified images.

        Args:
            logits: (C, H, W), on any device; or (C, N), a batch of a
                classifier transposed.
            labels: (H, W) or (N,); pixels with a label outside 0 .. C - 1
                are left out.
            index: Number of the image or batch, another for each, at least
                0.

        Raises:
            ValueError: Shapes that do not fit.
        """
        if logits.dim() not in (2, 3) or logits.shape[0] != self.num_classes:
            raise UserValueError(
                f'Expected `logits` to be of shape ({self.num_classes}, H, W)'
                f', or ({self.num_classes}, N) of a classifier, one for each '
                f'class, but got {tuple(logits.shape)}'
            )
        if labels.shape != logits.shape[1:]:
            raise UserValueError(
                'Expected `labels` to be of the height and width of `logits`,'
                f' {tuple(logits.shape[1:])}, but got {tuple(labels.shape)}'
            )
        flat = logits.flatten(1)
        labels = labels.flatten().cpu()
        keys = self._keys(labels.numel(), index)
        inside = (labels >= 0) & (labels < self.num_classes)
        label = labels.masked_fill(~inside, 0).long()
        self.num_pixels += label[inside].bincount(minlength=self.num_classes)

        bounds = torch.tensor([kept.bound for kept in self._classes])
        pixels = (inside & (keys < bounds[label])).nonzero().squeeze(1)
        by_class, order = label[pixels].sort(stable=True)
        sizes = by_class.bincount(minlength=self.num_classes).tolist()
        groups = pixels[order].split(sizes)
        for kept, group in zip(self._classes, groups, strict=True):
            if len(group):
                kept.add(flat, label, keys, group)
        pixels = (inside & (keys < self._all.bound)).nonzero().squeeze(1)
        self._all.add(flat, label, keys, pixels)

    def class_samples(self) -> tuple[Tensor, Tensor]:
        """Samples of logit l over the pixels of class c.

        Returns:
            float32 (C, C, n) and those that count, bool (C, n), on the CPU;
            n is the largest number of pixels kept of a class.
        """
        sizes = torch.tensor([len(kept.keys) for kept in self._classes])
        size = int(sizes.max())
        num = self.num_classes
        samples = torch.zeros(num, num, size)
        for c, kept in enumerate(self._classes):
            samples[c, :, : len(kept.keys)] = kept.rows.T
        return samples, torch.arange(size) < sizes[:, None]

    def class_logits(self, c: int) -> Tensor:
        """All logits of the pixels kept of one class, float32 (n, C)."""
        return self._classes[c].rows

    def anchor_samples(
        self, anchor_class: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Samples of the anchor distributions (Table 14).

        Args:
            anchor_class: None: the logit of each pixel's own class, and as
                negative one of its others, drawn at random. A class: its
                logit on its own pixels, and on as many of the others'.

        Returns:
            Positive and negative logits, float32 (2, m), and those that
            count, bool (2, m), on the CPU.
        """
        kept = self._all
        if anchor_class is None:
            label = kept.labels
            # a key is as good a random number: which key is small says
            # nothing of its remainder
            other = label + 1 + kept.keys % (self.num_classes - 1)
            pair = torch.stack([label, other % self.num_classes], dim=1)
            samples = kept.rows.gather(1, pair).T.contiguous()
        else:
            own = self._classes[anchor_class].rows[:, anchor_class]
            rest = kept.rows[kept.labels != anchor_class, anchor_class]
            size = min(len(own), len(rest))
            samples = torch.stack([own[:size], rest[:size]])
        return samples, torch.ones_like(samples, dtype=torch.bool)

    def state_dict(self) -> dict[str, Any]:
        """All that was taken in; ``torch.load`` reads it with weights_only."""
        return dict(
            num_classes=self.num_classes,
            capacity=self.capacity,
            seed=self.seed,
            num_pixels=self.num_pixels.clone(),
            classes=[kept.state_dict() for kept in self._classes],
            all=self._all.state_dict(),
        )

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what :meth:`state_dict` gave.

        Args:
            state: State of a reservoir of the same settings.

        Raises:
            ValueError: Its settings are others; names the first.
        """
        for name in ('num_classes', 'capacity', 'seed'):
            if state[name] != getattr(self, name):
                raise UserValueError(
                    f'Expected the state of a reservoir with `{name}` '
                    f'{getattr(self, name)}, but got one with {state[name]}'
                )
        self.num_pixels = state['num_pixels'].clone()
        for kept, part in zip(self._classes, state['classes'], strict=True):
            kept.load_state_dict(part)
        self._all.load_state_dict(state['all'])

    def _keys(self, num: int, index: int) -> Tensor:
        """Random keys of the pixels of an image, int64 (num,)."""
        generator = torch.Generator()
        # no two images of less than 4 billion share the 32 bits that count
        generator.manual_seed((self.seed * 0x9E3779B1 + index) % 2**32)
        keys = torch.empty(num, dtype=torch.long)
        return keys.random_(generator=generator)


class _SmallestKeys:
    """The pixels of the smallest keys, in the order of these.

    Args:
        capacity: Pixels that are kept.
        num_classes: Logits of each.
    """

    def __init__(self, capacity: int, num_classes: int) -> None:
        self.capacity = capacity
        self.keys = torch.empty(0, dtype=torch.long)
        self.labels = torch.empty(0, dtype=torch.long)
        self.rows = torch.empty(0, num_classes)

    @property
    def bound(self) -> int:
        """Keys from here on are not kept."""
        full = len(self.keys) == self.capacity
        return int(self.keys[-1]) if full else _LARGEST_KEY

    def add(
        self, logits: Tensor, labels: Tensor, keys: Tensor, pixels: Tensor
    ) -> None:
        """Take some pixels (n,) of an image with logits (C, P) in."""
        order = keys[pixels].argsort()[: self.capacity]
        pixels = pixels[order]
        rows = logits[:, pixels.to(logits.device)].float().cpu().T
        merged = torch.cat([self.keys, keys[pixels]])
        order = merged.argsort()[: self.capacity]
        self.keys = merged[order]
        self.labels = torch.cat([self.labels, labels[pixels]])[order]
        self.rows = torch.cat([self.rows, rows])[order]

    def state_dict(self) -> dict[str, Tensor]:
        """Copies of the tensors."""
        names = ('keys', 'labels', 'rows')
        return {name: getattr(self, name).clone() for name in names}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take such tensors."""
        for name, value in state.items():
            setattr(self, name, value.clone())
