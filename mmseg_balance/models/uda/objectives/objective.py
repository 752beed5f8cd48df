"""What an objective is."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from torch import Tensor, nn

from ...backward_pass import ALL
from .step import TrainingBatch, UDAStep


class Objective(nn.Module, ABC):
    """One term of the total loss, with a backward pass of its own.

    A method is a list of objectives; a new one is a registered subclass in
    a file of its own.

    Attributes:
        prefix (str): Of its losses in the log.
        needs_target (bool): Whether it learns from target images.
        needs_pseudo_labels (bool): Whether it learns from the teacher's
            labels of them; counts with ``needs_target`` alone.
        needs_target_labels (bool): Whether it learns from labels that the
            target images come with; counts with ``needs_target`` alone.
        needs_source_frames, needs_target_frames (bool): Whether it reads
            ``step.source_frames``, ``step.target_frames``: the frames before
            the images, and the flow to them.
        learns_instances (bool): Whether the instance branch of a student
            that has one learns in it.
        mixes_domains (bool): Whether it mixes source and target images,
            which then are of one shape.
        serves_classifiers (bool): Whether it can train a classifier, whose
            labels are (N, 1, 1) and whose logits (N, C, 1, 1), whatever the
            size of the images.
        optimizer_name (str | None): Key in ``optim_wrapper`` of what moves
            ``own_modules``. 'student': they learn from the losses of
            ``forward``, with the student. Any other name: from
            ``own_losses`` alone. None: they do not learn.
        noted_in (str | None): Row of training pictures that shows what is
            noted in ``forward``: 'source' or 'target', whose images it is
            given, or one of its own. Default: ``prefix``.
        sam_passes (tuple[int, ...]): In which passes of an optimizer that
            makes two (``SAMOptimWrapper``) it takes part; of the usual one
            in any case. Statistics, and objectives that watch it, have the
            first of them. See ``UDAStep.backward_pass``.
    """

    prefix: str
    needs_target: bool = False
    needs_pseudo_labels: bool = True
    needs_target_labels: bool = False
    needs_source_frames: bool = False
    needs_target_frames: bool = False
    learns_instances: bool = False
    mixes_domains: bool = False
    serves_classifiers: bool = False
    optimizer_name: str | None = None
    noted_in: str | None = None
    sam_passes: tuple[int, ...] = ALL

    def attach(self, student: nn.Module) -> None:
        """Take over what follows from the student, when it has been built.

        Args:
            student: The segmentor that is trained.
        """

    def share(
        self, teacher: nn.Module | None, density: nn.Module | None
    ) -> None:
        """Be given the other modules of the model, when they are built.

        Once more where a subclass of the model sets others later. They are
        the model's: keep them in a tuple, since an attribute would make them
        modules of the objective, too, and save them twice.

        Args:
            teacher: The segmentor that labels target images, if any.
            density: ``DensityEstimation``, if any.
        """

    def check_beside(self, objectives: Sequence['Objective']) -> None:
        """Refuse the other objectives of a model, when it is built.

        Args:
            objectives: All of them, in their order.

        Raises:
            ValueError: They do not go with this one; says what does.
        """

    def after_init(self, student: nn.Module) -> None:
        """Called when the initial weights of the student are loaded."""

    def own_modules(self) -> nn.Module:
        """What the optimizer that ``optimizer_name`` names moves."""
        return self

    def labelling(self, teacher: nn.Module) -> AbstractContextManager:
        """Around the teacher's pass over the target images.

        What the context yields is ``step.records[self]`` in ``forward``.

        Args:
            teacher: The segmentor that labels them.
        """
        return nullcontext()

    def around(
        self, student: nn.Module, objective: 'Objective'
    ) -> AbstractContextManager:
        """Around the forward pass of an objective, this one or another.

        Where the context yields more than None, ``own_losses`` is given it
        as soon as that objective has gone backward. Nothing in it should
        hold a graph.

        Args:
            student: The segmentor that is trained.
            objective: The objective whose losses are computed in it.
        """
        return nullcontext()

    def own_losses(self, record: Any) -> dict[str, Tensor]:
        """Losses of ``own_modules``, which are no losses of the student.

        Args:
            record: What ``around`` yielded.

        Returns:
            As ``forward``, scalars; nothing learns where it is empty. In the
            log they are ``optimizer_name.name``, so that those of several
            records, or of ``forward``, have names of their own.
        """
        return {}

    @property
    def has_own_losses(self) -> bool:
        """Whether ``own_losses`` gives any, for the checks of a build."""
        return type(self).own_losses is not Objective.own_losses

    def training_batch(self, step: UDAStep) -> TrainingBatch | None:
        """What the student is given, with what is drawn for it.

        Args:
            step: Data of the iteration.

        Returns:
            Images that are made for this objective, and their labels; None
            where they are those of the step.
        """
        return None

    @abstractmethod
    def forward(self, student: nn.Module, step: UDAStep) -> dict[str, Tensor]:
        """Losses and diagnostics of an iteration.

        Args:
            student: The segmentor that is trained.
            step: Data of the iteration.

        Returns:
            Losses, whose names contain 'loss' and which are added up, and
            diagnostics, whose names do not.
        """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let ``shown``, 0.1.0's name of ``training_batch``, go on."""
        super().__init_subclass__(**kwargs)
        if cls.shown is cls.training_batch:
            return
        # the one that Python finds first, be it in a base of another kind
        names = ('training_batch', 'shown')
        found = (n for base in cls.__mro__ for n in names if n in vars(base))
        name = next(found)
        if name == 'shown':
            warnings.warn(
                f'{cls.__name__}.shown: the method is called training_batch '
                'now',
                DeprecationWarning,
                stacklevel=2,
            )
        cls.training_batch = cls.shown = getattr(cls, name)

    shown = training_batch


def row_of(objective: nn.Module) -> str:
    """Row of training pictures that shows what an objective notes.

    Args:
        objective: One of a model.
    """
    return getattr(objective, 'noted_in', None) or objective.prefix
