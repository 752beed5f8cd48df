"""A student, the average of it, and which of them predicts."""

import inspect
from collections.abc import Mapping
from typing import Any

from mmengine.model import BaseModel
from mmseg.utils import OptSampleList
from torch import Tensor, nn

from ...errors import UserRuntimeError
from ..declarations import labels_images
from ..run_constants import AUTO, Momentum, papers_values
from .preprocessing import do_not_wait
from .teacher.averaging import (
    check_shared,
    copy_buffers,
    move_teacher,
    teacher_momentum,
)
from .teacher.labelling import teacher_logits


class StudentTeacher(BaseModel):
    """A segmentor that is trained, and a teacher that follows it.

    Args:
        student: The segmentor, whose ``data_preprocessor`` is the model's.
        alpha: Momentum of the teacher, [0, 1); or 'auto', by the length of
            the training what 0.999 is in 40,000 iterations. None: no teacher.
        predict_with: 'student' or 'teacher', in validation and tests.

    Attributes:
        teacher (nn.Module | None): See ``build_teacher``; a subclass sets it.
        teacher_is_current (bool): Whether the teacher has followed the last
            step of the student.
        iteration (int): Number of the iteration to come, from 0; told by
            who moves the teacher.
        needs_pseudo_labels (bool): Whether the teacher labels images in
            training. One that does not takes over the student's buffers.
    """

    # BLDA, Sec. 4.1
    run_constants = dict(alpha=Momentum(0.999))

    def __init__(
        self,
        student: nn.Module,
        alpha: float | str | None,
        predict_with: str,
    ) -> None:
        super().__init__(student.data_preprocessor)
        do_not_wait(self.data_preprocessor)
        self.student = student
        settled, self.left_open = papers_values(type(self), dict(alpha=alpha))
        self.alpha = settled['alpha']
        self.predict_with = predict_with
        self.teacher = None
        self.teacher_is_current = False
        self.iteration = 0
        self.needs_pseudo_labels = False

    @classmethod
    def builds_teacher(cls, config: Mapping[str, Any]) -> bool:
        """Whether a model of this class has a teacher.

        Args:
            config: Config of the model.

        Returns:
            Whether ``alpha``, given or by default, is a number or 'auto'.
        """
        default = inspect.signature(cls).parameters.get('alpha')
        alpha = config.get('alpha', default and default.default)
        return alpha == AUTO or isinstance(alpha, (int, float))

    @property
    def predictor(self) -> nn.Module:
        """The segmentor that ``predict_with`` names."""
        return getattr(self, self.predict_with)

    @property
    def decode_head(self) -> nn.Module:
        """Decode head of the predictor (``mmseg.apis`` asks for it)."""
        return self.predictor.decode_head

    @property
    def labels_images(self) -> bool:
        """Whether an image has one label, and not each pixel one."""
        return labels_images(self.student)

    @property
    def num_classes(self) -> int:
        """Number of classes C."""
        return self.student.decode_head.num_classes

    @property
    def out_channels(self) -> int:
        """Number of logits of a pixel (``SegTTAModel`` asks for it)."""
        return self.student.decode_head.out_channels

    def forward(
        self,
        inputs: Tensor,
        data_samples: OptSampleList = None,
        mode: str = 'tensor',
    ):
        """Predictions of the segmentor that ``predict_with`` names.

        Raises:
            RuntimeError: mode='loss': training goes through ``train_step``.
        """
        if mode == 'loss':
            raise UserRuntimeError(
                'A UDA model trains by its own train_step, which '
                'MMDistributedDataParallel never calls: set '
                "model_wrapper_cfg=dict(type='UDAModelWrapper') in the config"
            )
        return self.predictor(inputs, data_samples, mode)

    def check_teacher(self) -> None:
        """Refuse to go on with a teacher that nobody moves.

        Raises:
            RuntimeError: Says which hook is missing.
        """
        if self.teacher is not None and not self.teacher_is_current:
            raise UserRuntimeError(
                'The teacher did not follow the student since the last '
                "iteration: add dict(type='TeacherUpdateHook') to "
                'custom_hooks'
            )

    def teacher_logits(self, images: Tensor) -> Tensor:
        """The teacher's logits at the size of the labels, (N, C, H, W)."""
        return teacher_logits(self.teacher, images)

    def copy_student(self) -> None:
        """Give the teacher the student's parameters and buffers."""
        own = self.teacher.state_dict()
        state = self.student.state_dict()
        self.teacher.load_state_dict({k: state[k] for k in own})
        self.teacher_is_current = True

    def update_teacher(self, iteration: int) -> None:
        """Average the student in, see ``teacher_momentum``.

        Args:
            iteration: Number i of the iteration to come, from 1.
        """
        self.iteration = iteration
        keep = teacher_momentum(iteration, self.alpha)
        move_teacher(self.teacher, self.student, keep)
        if not self.needs_pseudo_labels:
            copy_buffers(self.teacher, self.student)
        self.teacher_is_current = True

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        if self.teacher is not None:
            check_shared(self, state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args)
        # a checkpoint without teacher must not pass for one with it
        self.teacher_is_current = any(
            key.startswith(f'{prefix}teacher.') for key in state_dict
        )
