"""What a training would learn from, before it is started."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, set_random_seed
from mmseg.registry import MODELS
from torch import nn

from ..checkpoints.export.config import strip_initial_weights
from ..checkpoints.weights import check_fits, read_checkpoint
from ..configuration.model_config import model_config
from ..datasets.checks import check_data_configs
from ..datasets.sampling.samplers import tell_batch_size
from ..datasets.seeding import hash_seed, seed_cpu_generators
from ..engine.records.batch_files import image_names
from ..engine.records.classes import class_names, trained_head
from ..engine.records.steps import recorded_step
from ..errors import UserFileNotFoundError
from ..models.recording import SOURCE, WEIGHTS, noted_in
from ..models.uda import UDASegmentor
from ..models.uda.objectives.objective import row_of
from ..models.uda.objectives.step import UDAStep, note_batch
from ..models.uda.teacher.pseudo_labels import PseudoLabels
from ..visualization.training_pictures.frame_pair import frame_row
from ..visualization.training_pictures.palette import class_palette
from ..visualization.training_pictures.panels import Row, sample_rows
from ..visualization.training_pictures.recorder import PictureRecorder
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
        classes: Names of the classes.
        palette: Their colours, RGB.
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
        tell_batch_size(self._loader)
        self.dataset = self._loader.dataset
        model = model_config(cfg)
        strip_initial_weights(model)
        self._model = MODELS.build(model).to(device).train()
        self.has_labels = checkpoint is not None and is_teacher(self._model)
        if self.has_labels:
            load_teacher(self._model, checkpoint)
        self._seed = seed
        head = trained_head(self._model)
        self.classes = class_names(
            self.dataset, None if head is None else head.num_classes
        )
        self.palette = class_palette(
            self.dataset.metainfo.get('palette'), len(self.classes)
        )

    @torch.no_grad()
    def __iter__(self) -> Iterator[list[Row]]:
        """Samples, each as rows of panels, as long as the loader goes."""
        for iteration, batch in enumerate(self._loader):
            # as IterationSeedHook
            seed = hash_seed('iteration', self._seed, 0, iteration)
            seed_cpu_generators(seed)
            torch.manual_seed(seed)
            yield from self._samples(batch)

    def _samples(self, batch: dict) -> Iterator[list[Row]]:
        model = self._model
        domains = batch if SOURCE in batch else {SOURCE: batch}
        samples = domains[SOURCE]['data_samples']
        recorder = PictureRecorder(len(samples))
        with recorded_step(model, recorder):
            if isinstance(model, UDASegmentor):
                self._note_objectives(self._step(domains))
            elif getattr(model, 'notes_steps', False):
                model.prepare(domains)
            else:
                model.data_preprocessor(domains[SOURCE], training=True)
        if not self.has_labels:
            for row in recorder.rows.values():
                row.pop(WEIGHTS, None)
        files = image_names(batch)
        for i in range(len(samples)):
            preprocessor = model.data_preprocessor
            rows = sample_rows(recorder.rows, i, preprocessor, files)
            yield rows + _frame_rows(domains, i)

    def _note_objectives(self, step: UDAStep) -> None:
        """Have noted what objectives make of a step."""
        for objective in self._model.objectives:
            made = objective.training_batch(step)
            if made is not None:
                with noted_in(row_of(objective)):
                    note_batch(made)

    def _step(self, domains: dict[str, dict]) -> UDAStep:
        """The data of an iteration; without pseudo-labels empty ones."""
        model = self._model
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


def _frame_rows(domains: dict[str, dict], index: int) -> list[Row]:
    """Pairs of frames of one image of a batch, of domains that have such."""
    found = [
        frame_row(part['data_samples'][index], f'{name} frames')
        for name, part in domains.items()
        if index < len(part['data_samples'])
    ]
    return [row for row in found if row is not None]


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
