"""Each program, compiled for GPUs that are not there.

The interpreter of the other tests takes what no GPU would: names that it does
not know, or more registers than a thread has.
"""

import pytest
from helpers.triton_compiling import (
    SHARED_MEMORY,
    Program,
    compile_programs,
)

pytest.importorskip('triton')

# as most of the pointers are
FLOATS = dict.fromkeys(('low', 'scale', 'fitted', 'values', 'out'), '*fp32')
PIXELS = dict(labels='*i64', domain='*i1', starts='*i32') | FLOATS


def lookup(logits: str, classes: int = 8, **others) -> Program:
    """Of kernels/lookup.py."""
    constants = dict(ADJUST=True, REFINEMENT=32) | block(classes)
    return Program(
        'lookup',
        'offset_lookup',
        PIXELS | dict(logits=logits, below='fp32', tau='fp32') | others,
        constants,
    )


def block(classes: int) -> dict[str, int]:
    """As kernels/layout.py has blocks of this many classes at once."""
    return dict(BLOCK_C=classes, BLOCK_P=1024 // classes)


# one entry for each type and size that decides what is generated
PROGRAMS: list[Program] = [
    lookup('*bf16'),
    lookup('*fp32'),
    lookup('*fp16', classes=2, starts='*i64'),
    lookup('*bf16', logits_n='i64'),
]
NAMES = list(map(str, PROGRAMS))


@pytest.fixture(scope='module')
def compiled():
    """What each program takes; one process compiles them all."""
    return compile_programs(PROGRAMS)


@pytest.mark.parametrize('place', range(len(PROGRAMS)), ids=NAMES)
def test_a_program_fits_the_registers_of_a_gpu(place, compiled):
    for taken in compiled[place]:
        assert taken.shared <= SHARED_MEMORY
        assert taken.spilled == 0 and taken.stack == 0, taken
