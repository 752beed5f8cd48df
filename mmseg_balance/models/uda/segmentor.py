"""Objectives, one after the other: what all methods are made of."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.optim import OptimWrapper
from mmseg.registry import MODELS
from mmseg.utils import ConfigType, OptConfigType
from torch import nn

from ..recording import SOURCE, TARGET, noted_in
from ..wrapped_segmentor import build_segmentor
from .checks.batches import check_pair
from .checks.construction import check_losses, check_parts
from .checks.optimizers import check_moved_once, check_shared
from .checks.sampled_labels import losses_by_probabilities
from .checks.segmentor import check_segmentor
from .checks.settings import check_no_init_cfg, check_predictor
from .density.density_estimation import build_density
from .frame_fields import images_and_frames
from .label_maps import batch_labels
from .learning import learn
from .objectives import LabelledTargetObjective
from .objectives.step import UDAStep, note_step
from .optimization.log import joined, to_host
from .optimization.moved_modules import MovedModules
from .optimization.sequential_backward import (
    STUDENT,
    SequentialBackward,
    named_optimizers,
)
from .preprocessing import preprocessed
from .student_teacher import StudentTeacher
from .target_fields import target_fields
from .teacher.averaging import build_teacher
from .teacher.pseudo_balance import PseudoBalance
from .teacher.pseudo_labels import PseudoLabeler
from .teacher.refinement import build_refinement


@MODELS.register_module()
class UDASegmentor(MovedModules, StudentTeacher):
    """A segmentor that learns from one objective after the other.

    Batches of ``UDADataset``, dict(source=..., target=...), are normalised
    and padded by the segmentor's own ``data_preprocessor``. Each objective
    goes forward and backward by itself; then gradients are averaged over
    ranks once, and the optimizer takes one step (one that needs several
    gradients, SAM, has all objectives do so in each pass). Methods are
    compositions: a new one adds an objective.

    Args:
        segmentor: Config of an ``EncoderDecoder``.
        objectives: Configs, or modules, in their order.
        alpha: Momentum of the teacher, see ``StudentTeacher``. None: no
            teacher.
        pseudo_threshold, pseudo_weighting, ignore_top, ignore_bottom: See
            ``PseudoLabeler``.
        pseudo_balance: Scale tau of Eq. 7, by which pseudo-labels are
            balanced, at least 0; see ``PseudoBalance``. Default: they are
            not.
        pseudo_refinement: Arguments of ``PseudoRefinement``, by which the
            frame before has a say in pseudo-labels. Default: it has none.
        predict_with: 'student' or 'teacher', in validation and tests.
        density_estimation: Arguments of ``DensityEstimation`` (BLDA, Eq.
            10), {} for its defaults. Default: none.
        labelled_target: Arguments of ``LabelledTargetObjective``, {} for
            its defaults: target images have labels, those of a first stage
            for one, from which is learnt last. Default: they have none.
        data_preprocessor: That of the segmentor, where it has none itself;
            the runner gives a config's top-level one.
        pretrained, train_cfg, init_cfg: Only None. The first two are set by
            ``mmseg.apis.init_model``; initial weights are a matter of the
            segmentor.

    Raises:
        TypeError, ValueError: A segmentor or a setting that cannot work;
            names it.
    """

    required_hooks = {
        'IterationSeedHook': 'draws in its steps, which a resumed run would '
        'not repeat',
        'TeacherUpdateHook': 'a teacher, which would stay at its initial '
        'weights',
    }
    checks_losses = True  # so that no hook has to
    notes_steps = True
    makes_passes = True  # as many as the optimizer needs
    named_for_passes = 1  # how many a method of that name has

    def __init__(
        self,
        segmentor: ConfigType,
        objectives: Sequence[ConfigType | nn.Module],
        alpha: float | str | None = None,
        pseudo_threshold: float = 0.968,
        pseudo_weighting: str = 'batch',
        ignore_top: int = 0,
        ignore_bottom: int = 0,
        pseudo_balance: float | None = None,
        pseudo_refinement: OptConfigType = None,
        predict_with: str = 'student',
        density_estimation: OptConfigType = None,
        labelled_target: OptConfigType = None,
        data_preprocessor: OptConfigType = None,
        pretrained: None = None,
        train_cfg: None = None,
        init_cfg: None = None,
    ) -> None:
        check_no_init_cfg(type(self).__name__, init_cfg)
        student = build_segmentor(segmentor, data_preprocessor)
        check_segmentor(student)
        super().__init__(student, alpha, predict_with)
        alpha = self.alpha  # a number, also where it was 'auto'
        self.objectives = nn.ModuleList(
            o if isinstance(o, nn.Module) else MODELS.build(o)
            for o in objectives
        )
        if labelled_target is not None:
            self.objectives.append(LabelledTargetObjective(**labelled_target))
        self.label_target = PseudoLabeler(
            pseudo_threshold, pseudo_weighting, ignore_top, ignore_bottom
        )
        self.refinement = build_refinement(
            pseudo_refinement, student.decode_head.num_classes
        )
        check_parts(
            type(self).__name__,
            student,
            self.objectives,
            self.label_target,
            self.refinement,
            alpha,
            pseudo_balance,
        )
        # the student's first weights do not depend on what is beside it
        with torch.random.fork_rng(devices=[]):
            for objective in self.objectives:
                objective.attach(student)
        self.needs_target = any(o.needs_target for o in self.objectives)
        self.needs_pseudo_labels, self.needs_target_labels = (
            any(o.needs_target and getattr(o, need) for o in self.objectives)
            for need in ('needs_pseudo_labels', 'needs_target_labels')
        )
        check_losses(
            student, self.needs_pseudo_labels, self.needs_target_labels
        )
        self.samples_labels = bool(losses_by_probabilities(student.modules()))
        check_predictor(predict_with, alpha)
        if alpha is not None:
            self.teacher = build_teacher(student)
        self.density = build_density(student.decode_head, density_estimation)
        self.balance = (
            None
            if pseudo_balance is None
            else PseudoBalance(student.decode_head, pseudo_balance)
        )
        self._was_shared: dict[nn.Module, tuple[nn.Module | None, ...]] = {}
        self._share_modules()
        check_moved_once(student, self.objectives)

    def _share_modules(self) -> None:
        """Give objectives the teacher and the density, if they have others.

        A subclass may set its own after ``__init__``, or add objectives.
        """
        shared = (self.teacher, self.density)
        for objective in self.objectives:
            if self._was_shared.get(objective) != shared:
                objective.share(*shared)
                check_shared(objective, *shared)
                self._was_shared[objective] = shared

    @classmethod
    def needs_hook(cls, hook: str, config: Mapping[str, Any]) -> bool:
        """Whether a model with this config needs a hook.

        Args:
            hook: One of ``required_hooks``.
            config: Config of the model.
        """
        return hook != 'TeacherUpdateHook' or cls.builds_teacher(config)

    def init_weights(self) -> None:
        """Load the initial weights of the student, and copy them."""
        self.student.init_weights()
        for objective in self.objectives:
            objective.after_init(self.student)
        if self.teacher is not None:
            self.copy_student()

    def train_step(
        self, data: dict, optim_wrapper: OptimWrapper
    ) -> dict[str, float]:
        """One iteration: every objective, then one optimizer step.

        Args:
            data: ``dict(source=batch, target=batch)``.
            optim_wrapper: mmengine's, with one optimizer; with several for a
                model whose objectives have some, see ``named_optimizers``.

        Returns:
            Losses and diagnostics as floats.

        Raises:
            FloatingPointError: A loss is NaN or infinite; names it and the
                iteration. The model has taken the step, and is of no use.
            TypeError: Optimizers that are not those of the model.
        """
        optimized = self.optimized
        wrappers = named_optimizers(optim_wrapper, optimized)
        optimizations = {k: SequentialBackward(w) for k, w in wrappers.items()}
        self.check_teacher()
        with wrappers[STUDENT].optim_context(self):
            step = self.prepare(data)
        logs = learn(self, step, optimizations, optimized[STUDENT])
        logs = joined(logs, step.diagnostics)
        for name, module in optimized.items():
            optimizations[name].step(module.parameters())
        self.teacher_is_current = False
        return to_host(logs, [f'{o.prefix}.loss' for o in self.objectives])

    def prepare(self, data: dict) -> UDAStep:
        """Normalise and pad both branches; label the target.

        Raises:
            ValueError: Branches that do not fit each other or the model.
        """
        check_pair(data)
        self._share_modules()
        source = preprocessed(self.data_preprocessor, data['source'])
        samples = source['data_samples']
        images, frames = images_and_frames(
            self, source['inputs'], samples, SOURCE
        )
        target = {}
        if self.needs_target:
            with noted_in(TARGET):
                target = target_fields(self, data['target'], images)
        step = UDAStep(
            images,
            batch_labels(self, images, samples),
            **target,
            source_frames=frames,
            source_samples=samples,
            _modules=dict(
                teacher=self.teacher if self.needs_pseudo_labels else None,
                density=self.density,
            ),
        )
        note_step(step)
        return step
