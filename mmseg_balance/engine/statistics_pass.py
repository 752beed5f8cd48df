"""A pass over source and target for their logits, which may be interrupted."""

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor, nn
from tqdm import tqdm

from ..datasets.branch import Branch
from ..datasets.split_pipeline import SplitPipeline
from ..logits.domain_statistics import DOMAINS
from ..logits.reservoir import LogitReservoir
from ..logits.statistics_file import read_torch_file, write_torch_file
from ..models.uda.pseudo_labels import pseudo_labels
from .prediction import IGNORED, predict_logits
from .stop_signals import StopSignals

SAVE_SECONDS = 60


class StatisticsPass:
    """Logits of both domains, as far as they were seen.

    The result does not depend on where it was interrupted: see
    :class:`LogitReservoir`.

    Args:
        path: File that keeps what was seen.
        settings: All that the result depends on, by names that a user knows;
            numbers and strings. What was seen under others is refused.
        num_classes: Number of classes C.
        threshold: Confidence that a pixel of the target needs for a
            pseudo-label.

    Attributes:
        reservoirs: Logits of 'source' and 'target'.
        num_seen: Images of each that were seen.
    """

    def __init__(
        self,
        path: Path,
        settings: dict[str, Any],
        num_classes: int,
        threshold: float = 0.0,
    ) -> None:
        self.path = path
        self.settings = settings
        self.threshold = threshold
        self.reservoirs = {d: LogitReservoir(num_classes) for d in DOMAINS}
        self.num_seen = dict.fromkeys(DOMAINS, 0)

    def resume(self) -> bool:
        """Go on from the file, where there is one.

        Returns:
            Whether there is.

        Raises:
            ValueError: The file is broken or of other settings; names them.
        """
        if not self.path.exists():
            return False
        remedy = f'delete {self.path} to begin anew'
        try:
            state = read_torch_file(self.path)
        except ValueError as error:
            raise ValueError(f'{error}: {remedy}') from error
        begun = state.get('settings', {})
        other = [
            _difference(name, begun.get(name), value)
            for name, value in self.settings.items()
            if begun.get(name) != value
        ]
        if other:
            raise ValueError(
                f'{self.path} is of a pass with another {", ".join(other)}: '
                f'repeat the command that began it, or {remedy}'
            )
        for domain in DOMAINS:
            self.reservoirs[domain].load_state_dict(state[domain])
        self.num_seen = dict(state['num_seen'])
        return True

    def save(self) -> None:
        """Write the file, atomically."""
        states = {d: self.reservoirs[d].state_dict() for d in DOMAINS}
        content = dict(settings=self.settings, num_seen=self.num_seen)
        write_torch_file(self.path, content | states)

    def collect(
        self,
        model: nn.Module,
        dataset: Sequence[dict],
        domain: str,
        num_workers: int = 2,
    ) -> None:
        """Take in the images of a domain that were not seen yet.

        Shows a progress bar. Writes the file every minute, at the end, and
        at SIGINT or SIGTERM; a second of these ends the program at once.

        Args:
            model: The model.
            dataset: Images; for the source with labels.
            domain: 'source' or 'target'.
            num_workers: Processes that load images.

        Raises:
            KeyboardInterrupt: A signal came; the file is written.
        """
        start, total = self.num_seen[domain], len(dataset)
        if start >= total:
            return
        reservoir = self.reservoirs[domain]
        written = time.monotonic()
        with (
            StopSignals() as stop,
            tqdm(total=total, initial=start, desc=domain, unit='img') as bar,
        ):
            for seen in predict_logits(model, dataset, start, num_workers):
                labels = seen.labels
                if domain == 'target':
                    labels = confident_labels(seen.logits, self.threshold)
                reservoir.add(seen.logits, labels, seen.index)
                self.num_seen[domain] = seen.index + 1
                bar.update()
                if stop.requested:
                    self.save()
                    raise KeyboardInterrupt
                if time.monotonic() - written > SAVE_SECONDS:
                    self.save()
                    written = time.monotonic()
        self.save()


def confident_labels(logits: Tensor, threshold: float) -> Tensor:
    """Pseudo-labels of one image, as the training gives them.

    Args:
        logits: (C, H, W).
        threshold: Confidence that a pixel must reach.

    Returns:
        int64 (H, W), 255 below the threshold.
    """
    found = pseudo_labels(logits[None], threshold, weighting='pixel')
    return found.labels[0].masked_fill(found.weight[0] == 0, IGNORED)


def pass_settings(
    cfg: Config,
    checkpoint: str,
    domains: dict[str, Branch],
    **others: str | float | None,
) -> dict[str, Any]:
    """All that the logits of a pass depend on.

    Args:
        cfg: Config, with the model as it is built.
        checkpoint: File or address of the weights.
        domains: Data sets of ``build_domains``.
        **others: Settings of the command line.

    Returns:
        The settings by name; what is long as a hash.
    """
    settings = dict(
        model=_hash(Config(dict(model=cfg.model)).pretty_text.encode()),
        checkpoint=_hash_file(checkpoint),
    )
    for domain, branch in domains.items():
        text = [repr(part.dataset.pipeline) for part in branch.parts]
        text += [name for part in branch.parts for name in _names(part)]
        settings[f'{domain} data set'] = _hash('\n'.join(text).encode())
    return settings | others


def spread(branch: Branch, num: int | None) -> Sequence[dict]:
    """Some images of a data set, at even distances, or all of them.

    Args:
        branch: The data set.
        num: How many, at least 1. None: all.

    Returns:
        The images in their order.
    """
    if num is None or num >= len(branch):
        return branch
    places = [i * len(branch) // num for i in range(num)]
    return torch.utils.data.Subset(branch, places)


def _names(part: SplitPipeline) -> list[str]:
    """Names of the images; the same wherever the data set lies."""
    root = part.dataset.data_root or '.'
    paths = [
        part.dataset.get_data_info(i)['img_path'] for i in range(len(part))
    ]
    if any('://' in str(path) for path in (root, *paths[:1])):
        return [str(path) for path in paths]
    return [os.path.relpath(path, root) for path in paths]


def _difference(name: str, old: Any, new: Any) -> str:
    if isinstance(old, str) and len(old) == 64:
        return name
    return f'{name} ({old} then, {new} now)'


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _hash_file(path: str) -> str:
    digest = hashlib.sha256()
    if '://' in path:
        return _hash(path.encode())
    with open(path, 'rb') as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()
