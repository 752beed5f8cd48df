"""All parts, in the order of their worth."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from .checks import check_one_rank, check_waiting
from .kernels import check_kernels
from .machine import describe_machine
from .options import Options
from .steps import measure_steps
from .training import train

MACHINE = 'machine'


class Part(NamedTuple):
    """Something that is measured or checked by itself.

    Attributes:
        run: Gives its rows.
        seconds: What it may take at most.
        least: With less than this left it is not begun.
    """

    run: Callable[[Options], list[dict]]
    seconds: int
    least: int


def balanced(seconds: int = 60, **fields) -> Part:
    """Steps without BLDA and with it."""
    cases = [dict(fields, balance=balance) for balance in ('none', 'blda')]
    return Part(partial(measure_steps, cases=cases), seconds, seconds // 2)


def against_reference(precision: str) -> Part:
    """DAFormer beside the plain port of the reference."""
    cases = [
        dict(method=method, precision=precision)
        for method in ('reference', 'daformer')
    ]
    return Part(partial(measure_steps, cases=cases), 60, 30)


PARTS: dict[str, Part] = {
    MACHINE: Part(describe_machine, 60, 5),
    'kernels': Part(check_kernels, 90, 30),
    'waiting': Part(check_waiting, 90, 40),
    'daformer-float32': balanced(method='daformer', precision='float32'),
    'daformer-amp': balanced(method='daformer', precision='amp'),
    'reference-float32': against_reference('float32'),
    'reference-amp': against_reference('amp'),
    'dacs-float32': balanced(method='dacs', precision='float32'),
    'dacs-amp': balanced(method='dacs', precision='amp'),
    'training-float32': Part(partial(train, amp=False), 90, 45),
    'training-amp': Part(partial(train, amp=True), 90, 45),
    'one-rank': Part(check_one_rank, 60, 20),
    'hrda-amp': balanced(120, method='hrda', precision='amp'),
    'daformer-tf32': balanced(method='daformer', precision='tf32'),
    'reference-tf32': against_reference('tf32'),
    'daformer-channels-last': balanced(
        method='daformer', precision='amp', channels_last=True
    ),
    'daformer-compile': balanced(
        300, method='daformer', precision='amp', compiled=True
    ),
    'mic-amp': balanced(120, method='mic', precision='amp'),
    'cdac-amp': balanced(90, method='cdac', precision='amp'),
    'hrda-float32': balanced(120, method='hrda', precision='float32'),
    'dacs-tf32': balanced(method='dacs', precision='tf32'),
    'hrda-tf32': balanced(120, method='hrda', precision='tf32'),
    'mic-float32': balanced(120, method='mic', precision='float32'),
    'cdac-float32': balanced(90, method='cdac', precision='float32'),
    'mic-tf32': balanced(120, method='mic', precision='tf32'),
    'cdac-tf32': balanced(90, method='cdac', precision='tf32'),
}
