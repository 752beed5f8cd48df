"""What of a model is moved in training, and by which optimizer."""

from torch import nn

from .sequential_backward import DISCRIMINATOR, STUDENT


class MovedModules:
    """The parts of a model of objectives, by the optimizers that move them.

    Attributes:
        student: The segmentor that is trained.
        density: Density estimation beside it; None: there is none.
        objectives: ``Objective`` modules, in their order.
    """

    student: nn.Module
    density: nn.Module | None
    objectives: nn.ModuleList

    @property
    def trainable(self) -> nn.ModuleDict:
        """What the student's optimizer moves: not the teacher, for one."""
        parts = dict(student=self.student)
        if self.density is not None:
            parts['density'] = self.density
        objectives = [
            o.own_modules()
            for o in self.objectives
            if o.optimizer_name == STUDENT
        ]
        if objectives:
            parts['objectives'] = nn.ModuleList(objectives)
        return nn.ModuleDict(parts)

    @property
    def optimized(self) -> dict[str, nn.Module]:
        """What is moved, by the name of the optimizer that does."""
        own = {
            o.optimizer_name: o.own_modules()
            for o in self.objectives
            if o.optimizer_name not in (None, STUDENT)
        }
        return {STUDENT: self.trainable, **own}

    @property
    def adversary(self) -> nn.Module | None:
        """The objective with discriminators, if there is one."""
        found = (
            o for o in self.objectives if o.optimizer_name == DISCRIMINATOR
        )
        return next(found, None)

    @property
    def discriminators(self) -> nn.Module | None:
        """What the discriminators' optimizer moves, if there are any."""
        return self.optimized.get(DISCRIMINATOR)
