"""What a training would learn from, before it is started."""

import copy
import os.path as osp
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, set_random_seed
from mmseg.registry import MODELS
from torch import Tensor, nn

from .. import compat
from ..checkpoints.export.config import strip_initial_weights
from ..checkpoints.weights import check_fits, read_checkpoint
from ..configuration.model_config import model_config
from ..datasets.checks import check_data_configs
from ..datasets.seeding import hash_seed, seed_cpu_generators
from ..errors import UserFileNotFoundError
from ..models.uda import UDASegmentor
from ..models.uda.objectives.step import TrainingBatch, UDAStep, stack_labels
from ..models.uda.teacher.pseudo_labels import PseudoLabels
from ..visualization.training_figure import Panel
from .trained_model import load_fitting

IGNORED = 255


class TrainingSamples:
    """Crops, mixed and masked images of a training, with their labels.

    The crops are those of the first iterations of a run with this seed, on
    one rank, where the sampler is ``ResumableInfiniteSampler``; what a step
    draws for its mixes is drawn anew.

    Args:
        cfg: Config of a training, of a UDA model or a segmentor.
        checkpoint: Of such a model or, for the teacher, of a segmentor.
            None: there are no pseudo-labels.
        seed: Seed of the run.
        device: Where the teacher labels the crops.

    Attributes:
        dataset: The training set.
        has_labels: Whether there are pseudo-labels: of a method that learns
            from a teacher, with a checkpoint.

    Raises:
        FileNotFoundError, OSError, ValueError: What is wrong with the data,
            the model or the checkpoint.
    """

    def __init__(
        self,
        cfg: Config,
        checkpoint: str | None = None,
        seed: int = 0,
        device: str = 'cpu',
    ) -> None:
        init_default_scope(cfg.get('default_scope', 'mmseg'))
        check_data_configs(Config(dict(train_dataloader=cfg.train_dataloader)))
        set_random_seed(seed)
        loader = copy.deepcopy(cfg.train_dataloader)
        loader.update(num_workers=0, persistent_workers=False)
        loader.pop('prefetch_factor', None)
        self._loader = Runner.build_dataloader(loader, seed=seed)
        self.dataset = self._loader.dataset
        model = model_config(cfg)
        strip_initial_weights(model)
        self._model = MODELS.build(model).to(device).train()
        self.has_labels = checkpoint is not None and is_teacher(self._model)
        if self.has_labels:
            load_teacher(self._model, checkpoint)
        self._seed = seed

    @torch.no_grad()
    def __iter__(self) -> Iterator[list[list[Panel]]]:
        """Samples, each as rows of panels, as long as the loader goes."""
        for iteration, batch in enumerate(self._loader):
            # as IterationSeedHook
            seed = hash_seed('iteration', self._seed, 0, iteration)
            seed_cpu_generators(seed)
            torch.manual_seed(seed)
            yield from self._samples(batch)

    def _samples(self, batch: dict) -> list[list[list[Panel]]]:
        domains = batch if 'source' in batch else dict(source=batch)
        step = self._step(domains)
        samples = []
        for i, labels in enumerate(step.source_labels):
            row = [
                self._image('source', step.source_images[i]),
                Panel('labels', labels.cpu().numpy()),
            ]
            if step.target_images is not None:
                row.append(self._image('target', step.target_images[i]))
            for panel, domain in zip(row[::2], domains, strict=False):
                sample = domains[domain]['data_samples'][i]
                path = sample.metainfo.get('img_path', '')
                panel.title += f': {osp.basename(path)}'
            if self.has_labels:
                row += self._labels(step.pseudo, i, 'pseudo-labels')
            samples.append([row])
        for objective in getattr(self._model, 'objectives', ()):
            made = objective.training_batch(step)
            if made is None:
                continue
            name = objective.prefix
            for i, rows in enumerate(samples[: len(made.images)]):
                image = self._image(name, made.images[i])
                rows.append([image, *self._labels(made, i, 'labels')])
        return samples

    def _labels(
        self, of: TrainingBatch | PseudoLabels, i: int, title: str
    ) -> list[Panel]:
        """Labels of an image, and their weights where a teacher gave them."""
        panels = [Panel(title, of.labels[i].cpu().numpy())]
        if self.has_labels and of.weight is not None:
            weight = of.weight[i].float().cpu().numpy()
            low, high = weight.min(), weight.max()
            value = f'{low:.3f}' if low == high else f'{low:.3f} to {high:.3f}'
            panels.append(Panel(f'weights: {value}', weight))
        return panels

    def _step(self, domains: dict[str, dict]) -> UDAStep:
        """The data of an iteration; without pseudo-labels empty ones."""
        model = self._model
        if not isinstance(model, UDASegmentor):
            data = model.data_preprocessor(domains['source'], training=True)
            return UDAStep(data['inputs'], stack_labels(data['data_samples']))
        needed = model.needs_pseudo_labels
        model.needs_pseudo_labels = needed and self.has_labels
        try:
            step = model.prepare(domains)
        finally:
            model.needs_pseudo_labels = needed
        if step.pseudo is None and step.target_images is not None:
            labels = torch.full_like(step.target_valid, IGNORED, dtype=int)
            pseudo = PseudoLabels(
                labels,
                torch.zeros_like(labels, dtype=torch.float32),
                torch.zeros(()),
            )
            step = replace(step, pseudo=pseudo)
        return step

    def _image(self, title: str, image: Tensor) -> Panel:
        """An image as it was before it was normalised, in RGB."""
        preprocessor = self._model.data_preprocessor
        if getattr(preprocessor, 'mean', None) is not None:
            image = image * preprocessor.std + preprocessor.mean
        is_bgr = not compat.swaps_channels(preprocessor)
        channels = image.float().clamp(0, 255).byte().cpu().numpy()
        if len(channels) != 3:
            channels = channels[:1].repeat(3, 0)
        elif is_bgr:
            channels = channels[::-1]
        return Panel(title, channels.transpose(1, 2, 0))


def is_teacher(model: nn.Module) -> bool:
    """Whether a model labels target images."""
    return isinstance(model, UDASegmentor) and model.needs_pseudo_labels


def load_teacher(model: UDASegmentor, path: str) -> None:
    """Load the weights that label the target images.

    Args:
        model: A model with a teacher, changed in place.
        path: Checkpoint of such a model, whose teacher is taken; of one
            without, or of a segmentor, which becomes the teacher.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is of another network; names the weights.
    """
    if '://' not in path and not Path(path).is_file():
        raise UserFileNotFoundError(f'no checkpoint file {path}')
    weights, _ = read_checkpoint(path)
    parts = {key.partition('.')[0] for key in weights}
    if not parts & {'student', 'teacher'}:
        weights = {f'student.{key}': value for key, value in weights.items()}
    part = 'teacher' if 'teacher' in parts else 'student'
    own = {
        key.removeprefix(f'{part}.'): value
        for key, value in weights.items()
        if key.startswith(f'{part}.')
    }
    check_fits(getattr(model, part), own, path)
    load_fitting(model, weights)
    if part == 'student':
        model.copy_student()
