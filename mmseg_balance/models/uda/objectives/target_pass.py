"""Several terms on one pass over the target images."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mmseg.registry import MODELS
from mmseg.utils import ConfigType
from torch import Tensor, nn

from ....errors import UserTypeError, UserValueError
from ...recording import TARGET
from ..optimization.contexts import entered, told
from ..optimization.log import joined
from ..teacher.image_logits import image_outputs
from .objective import Objective
from .step import UDAStep
from .target_term import TargetTerm


@MODELS.register_module()
class TargetPassObjective(Objective):
    """Terms that share one forward and one backward pass of target images.

    As the public code of SIM (CVPR 2020) has it. In a list of objectives
    each term makes a pass of its own: the same gradients, but for dropout
    and batch norms, which count each pass, at several times the cost.

    Args:
        terms: Configs, or modules, of ``TargetTerm`` objectives:
            ``AdversarialObjective``, ``EntropyObjective``,
            ``FeatureAlignmentObjective``, ``LabelledTargetObjective`` or
            ``TemporalConsistencyObjective``. At most one has an optimizer of
            its own.

    Raises:
        TypeError: One is no such term; names it.
        ValueError: None, or several with optimizers.
    """

    prefix = 'tgt'
    needs_target = True
    needs_pseudo_labels = False
    noted_in = TARGET

    def __init__(self, terms: Sequence[ConfigType | nn.Module]) -> None:
        super().__init__()
        self.terms = nn.ModuleList(
            t if isinstance(t, nn.Module) else MODELS.build(t) for t in terms
        )
        if not self.terms:
            raise UserValueError(
                'Expected `terms` of TargetPassObjective to be one or more, '
                "but got none: add dict(type='AdversarialObjective')"
            )
        for term in self.terms:
            if not isinstance(term, TargetTerm):
                raise UserTypeError(
                    'Expected `terms` of TargetPassObjective to be on a pass '
                    'over target images (subclasses of TargetTerm), but got '
                    f'{type(term).__name__}: move it to `objectives`'
                )
        own = [t for t in self.terms if t.optimizer_name is not None]
        if len(own) > 1:
            raise UserValueError(
                'Expected one of `terms` of TargetPassObjective at most to '
                'have an optimizer of its own, but got '
                f'{[type(t).__name__ for t in own]}'
            )
        self.needs_target_labels = any(
            term.needs_target_labels for term in self.terms
        )
        self.needs_target_frames = any(
            term.needs_target_frames for term in self.terms
        )
        self._learner = tuple(own)
        self.optimizer_name = own[0].optimizer_name if own else None

    @property
    def serves_classifiers(self) -> bool:
        """Whether each term does."""
        return all(term.serves_classifiers for term in self.terms)

    def attach(self, student: nn.Module) -> None:
        """Let each term take over what it needs."""
        for term in self.terms:
            term.attach(student)

    def share(
        self, teacher: nn.Module | None, density: nn.Module | None
    ) -> None:
        """Give the other modules of the model to each term."""
        for term in self.terms:
            term.share(teacher, density)

    def check_beside(self, objectives: Sequence[Objective]) -> None:
        """Let each term refuse the other objectives."""
        for term in self.terms:
            term.check_beside(objectives)

    def after_init(self, student: nn.Module) -> None:
        """Tell each term that initial weights are loaded."""
        for term in self.terms:
            term.after_init(student)

    def own_modules(self) -> nn.Module:
        """Those of the term that has an optimizer; none without."""
        for term in self._learner:
            return term.own_modules()
        return nn.ModuleList()

    @property
    def has_own_losses(self) -> bool:
        """Whether a term has an optimizer of its own."""
        return bool(self._learner)

    @contextmanager
    def around(
        self, student: nn.Module, objective: Objective
    ) -> Iterator[Any]:
        """Around a forward pass: each term notes what it needs of it."""
        contexts = {
            term: term.around(
                student, term if objective is self else objective
            )
            for term in self.terms
        }
        with entered(contexts) as records:
            yield next((records.get(term) for term in self._learner), None)

    def own_losses(self, record: Any) -> dict[str, Tensor]:
        """Losses of the term that has an optimizer."""
        for term in self._learner:
            return term.own_losses(record)
        return {}

    def forward(self, student: nn.Module, step: UDAStep) -> dict[str, Tensor]:
        """Losses of all terms by name."""
        outputs = image_outputs(
            student,
            step.target_images,
            any(term.uses_auxiliary for term in self.terms),
            any(term.uses_features for term in self.terms),
        )
        losses: dict[str, Tensor] = {}
        for term in self.terms:
            with told(f'{type(term).__name__}.target_losses'):
                found = term.target_losses(student, outputs, step)
            losses = joined(losses, found)
        return losses
