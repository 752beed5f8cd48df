"""The average of students, its pseudo-labels and their balance."""

from .averaging import (
    build_teacher,
    copy_buffers,
    move_teacher,
    switch_off_dropout,
    teacher_momentum,
)

__all__ = [
    'build_teacher',
    'copy_buffers',
    'move_teacher',
    'switch_off_dropout',
    'teacher_momentum',
]
