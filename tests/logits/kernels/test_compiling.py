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

# one entry for each type and size that decides what is generated
PROGRAMS: list[Program] = []
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
