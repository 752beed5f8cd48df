"""An objective with an optimizer of its own: a critic of the logits."""

from mmseg.registry import MODELS
from torch import nn

from mmseg_balance.models.uda import Objective
from mmseg_balance.models.uda.teacher import image_logits as outputs


@MODELS.register_module()
class CriticObjective(Objective):
    """Logits of the target shall pass for logits of the source."""

    prefix = optimizer_name = 'critic'  # in the log, in optim_wrapper
    needs_target, needs_pseudo_labels = True, False

    def attach(self, student):
        """Build the critic, for as many classes as the student has."""
        self.net = nn.Conv2d(student.decode_head.num_classes, 1, 1)

    def forward(self, student, step):
        """Losses that move the student: the critic shall say 1."""
        logits = outputs.image_logits(student, step.target_images, False)
        error = (self.net(logits['decode']) - 1).square()
        return dict(loss_mislead=0.01 * error.mean())

    def around(self, student, objective):
        """Note logits of the source, and those that the critic is shown."""
        if objective.prefix == 'src':
            return outputs.recorded_logits(student, False)  # of 'decode'
        own = dict(target=self.net) if objective is self else {}
        return outputs.recorded_inputs(own)

    def own_losses(self, record):
        """Losses that move the critic: 1 for source, 0 for target."""
        losses = {}
        for name, logits in record.items():
            error = self.net(logits) - (0 if name == 'target' else 1)
            losses[f'loss_{name}'] = error.square().mean()
        return losses
