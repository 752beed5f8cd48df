"""A pass over source and target for their logits, which may be interrupted."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from torch import Tensor, nn

from ...configuration.model_config import model_config
from ...datasets.domains.domain import Domain
from ...errors import UserValueError
from ...files.hashing import hash_file
from ...logits.statistics.domain_statistics import DOMAINS
from ...logits.statistics.file import read_torch_file, write_torch_file
from ...logits.statistics.reservoir import LogitReservoir
from ...models.uda.teacher.pseudo_labels import pseudo_labels
from ...progress import progress_bar
from ...runs.records.code import changed_code, own_code
from ...runs.records.provenance import describe_files
from ...runs.records.settings import changed_settings
from ...stop_signals import StopSignals
from .labelled_logits import IGNORED, predict_logits

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
        changed_code: What is of another version than the pass was begun
            with, a line each.
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
        self.changed_code: list[str] = []

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
            raise UserValueError(f'{error}: {remedy}') from error
        other = changed_pass(state.get('settings', {}), self.settings)
        if other:
            raise UserValueError(
                f'{self.path} is of a pass with another {", ".join(other)}: '
                f'repeat the command that began it, or {remedy}'
            )
        for domain in DOMAINS:
            self.reservoirs[domain].load_state_dict(state[domain])
        self.num_seen = dict(state['num_seen'])
        self.changed_code = changed_code(state.get('code', {}), own_code())
        return True

    def save(self) -> None:
        """Write the file, atomically."""
        states = {d: self.reservoirs[d].state_dict() for d in DOMAINS}
        content = dict(
            settings=self.settings, num_seen=self.num_seen, code=own_code()
        )
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
            progress_bar(f'collect {domain}', total, 'images', start) as bar,
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
    domains: dict[str, Domain],
    **others: str | float | None,
) -> dict[str, Any]:
    """All that the logits of a pass depend on.

    Args:
        cfg: Config, with the model as it is built.
        checkpoint: File or address of the weights.
        domains: Data sets of ``build_domains``.
        **others: Settings of the command line.

    Returns:
        The settings by name: the model's config, the weights as a hash, and
        what tells the images, wherever they lie.
    """
    # a model may take keys out of its config; tuples do not matter
    model = json.loads(json.dumps(model_config(cfg).to_dict(), default=str))
    settings = dict(model=model, checkpoint=hash_file(checkpoint))
    for name, domain in domains.items():
        settings[f'{name} data set'] = describe_files(domain)
        pipelines = [repr(part.dataset.pipeline) for part in domain.parts]
        settings[f'{name} pipeline'] = '; '.join(pipelines)
    return settings | others


def changed_pass(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What differs between the settings of two passes.

    Args:
        old: Those of :func:`pass_settings` that a file has.
        new: Those of now.

    Returns:
        For each that differs its name, what it was and what it is; the keys
        of the model by themselves.
    """
    lines = []
    for name, value in new.items():
        was = old.get(name)
        if name == 'model' and isinstance(was, dict):
            changes = changed_settings(dict(model=was), dict(model=value))
            # where initial weights lie is nothing to trained ones
            keys = [str(c) for c in changes if not c.is_place]
            lines += [f'model ({key})' for key in keys]
        elif was != value and name in ('model', 'checkpoint'):
            lines.append(name)
        elif was != value:
            lines.append(f'{name} ({was} then, {value} now)')
    return lines


def spread(domain: Domain, num: int | None) -> Sequence[dict]:
    """Some images of a data set, at even distances, or all of them.

    Args:
        domain: The data set.
        num: How many, at least 1. None: all.

    Returns:
        The images in their order.
    """
    if num is None or num >= len(domain):
        return domain
    places = [i * len(domain) // num for i in range(num)]
    return torch.utils.data.Subset(domain, places)
