"""Moves the teacher after the student."""

from mmengine.hooks import Hook
from mmseg.registry import HOOKS

from ...errors import UserValueError
from ...models.run_constants import check_settled
from ...models.uda.teacher.averaging import shared_keys
from ...models.wrapped_segmentor import unwrapped


@HOOKS.register_module()
class TeacherUpdateHook(Hook):
    """Copies the student before a run, and averages it in afterwards.

    A teacher that ``load_from`` brings along is kept in place of a copy.

    After iteration i (from 1) the teacher's parameters become alpha' times
    theirs plus 1 - alpha' times the student's, alpha' = min(1 - 1 / (i + 1),
    alpha): what DAFormer does at the beginning of iteration i + 1.
    """

    priority = 'NORMAL'
    in_dry_run = True

    def before_train(self, runner) -> None:
        """Copy the student, whose initial weights are loaded by now."""
        self.model = unwrapped(runner.model)
        if getattr(self.model, 'teacher', None) is None:
            raise UserValueError(
                'TeacherUpdateHook found no teacher in '
                f"model.type='{type(self.model).__name__}': remove "
                "dict(type='TeacherUpdateHook') from custom_hooks"
            )
        check_settled(self.model)
        self.model.iteration = runner.iter  # resumed, or the first
        # the model notes whether what was loaded had a teacher
        brought = getattr(runner, '_load_from', None) and not runner._resume
        if runner.iter == 0:
            if not (brought and self.model.teacher_is_current):
                self.model.copy_student()
        elif not self.model.teacher_is_current:
            raise UserValueError(
                'The checkpoint to resume from has no teacher (no keys '
                'teacher.*): start from it with load_from instead of --resume'
            )

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Write weights that both share once, also where they are copied.

        From a GPU each key is fetched by itself; a file has what is one
        tensor once.
        """
        state = checkpoint['state_dict']
        for own, other in shared_keys(unwrapped(runner.model)):
            state[own] = state[other]

    def after_train_iter(
        self, runner, batch_idx, data_batch=None, outputs=None
    ) -> None:
        """Average the student in."""
        self.model.update_teacher(runner.iter + 1)
