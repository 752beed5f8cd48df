"""Each program, compiled for GPUs that are not there.

The interpreter of the other tests takes what no GPU would: names that it does
not know, or more registers than a thread has.
"""

import pytest
from helpers.triton_compiling import (
    CAPABILITIES,
    SHARED_MEMORY,
    Program,
    compile_programs,
)

from mmseg_balance.logits.kernels.em import MAX_COMPONENTS, _sizes
from mmseg_balance.logits.kernels.sampling import MAX_CLASSES

pytest.importorskip('triton')


SAMPLES = 'samples_0', 'samples_1', 'samples_2'


def of_pixels(
    name: str,
    logits: str,
    floats: tuple[str, ...],
    classes: int = 8,
    constants: dict[str, object] | None = None,
    capabilities: tuple[int, ...] = CAPABILITIES,
    **others: str,
) -> Program:
    """A program that reads logits, labels, domains, and a table.

    Args:
        name: Of the program.
        logits: Type of the pointer.
        floats: Further pointers to float32.
        classes: As kernels/layout.py has blocks of so many at once.
        constants: Beside the size of a block.
        capabilities: What it is compiled for.
        **others: Types that are other ones.
    """
    module = 'lookup' if name == 'offset_lookup' else 'cross_entropy'
    floats = ('low', 'scale', 'fitted', 'values', *floats)
    signature = dict(
        dict.fromkeys(floats, '*fp32'),
        logits=logits,
        labels='*i64',
        domain='*i1',
        starts='*i32',
        below='fp32',
        tau='fp32',
    )
    block = dict(REFINEMENT=32, BLOCK_C=classes, BLOCK_P=1024 // classes)
    return Program(module, name, signature | others, block | (constants or {}))


def lookup(logits: str, **others) -> Program:
    """Of kernels/lookup.py."""
    others.setdefault('constants', dict(ADJUST=True))
    return of_pixels('offset_lookup', logits, ('out',), **others)


def cross_entropy(logits: str, **others) -> Program:
    """Forwards, of kernels/cross_entropy.py."""
    floats = 'top', 'log_sum', 'loss', 'class_weight'
    return of_pixels('adjusted_cross_entropy', logits, floats, **others)


def cross_entropy_backward(logits: str, **others) -> Program:
    """Backwards, of kernels/cross_entropy.py."""
    floats = 'top', 'log_sum', 'slope', 'class_weight'
    name = 'adjusted_cross_entropy_backward'
    return of_pixels(name, logits, floats, out=logits, **others)


def em_update(components: int) -> Program:
    """Of kernels/em.py."""
    types = dict.fromkeys(SAMPLES, '*fp32')
    types |= dict(parameters='*fp32', counters='*i64', quantiles='*fp32')
    types |= dict(new_parameters='*fp32', new_counters='*i64')
    types |= dict(momentum='fp32', warmup='fp32', min_variance='fp32')
    constants = dict(INITIALIZE=True, LARGEST=1e6, FLOOR=1e-7)
    return Program(
        'em', 'update_program', types, constants | _sizes(components)
    )


def sampling(name: str, types: dict[str, str], **constants: object) -> Program:
    """Of kernels/sampling.py."""
    return Program('sampling', name, types, constants)


MIXTURES = dict.fromkeys(('weights', 'means', 'variances'), '*fp32')
PAIRS = MIXTURES | dict.fromkeys(('quantiles', 'values'), '*fp32')
PAIRS |= dict.fromkeys(('clip', 'reach', 'least'), 'fp32')
GRIDS = PAIRS | dict.fromkeys(('low', 'scale', 'fitted'), '*fp32')
GRIDS |= dict.fromkeys(('num_updates', 'anchor_updates'), '*i64')


def tabulation(name: str, types: dict, warps: int = 4, **sizes) -> Program:
    """Of kernels/tabulation.py."""
    return Program('tabulation', name, types, sizes, num_warps=warps)


def grids(grid: int, components: int, warps: int) -> Program:
    """Of offset_grids."""
    sizes = dict(K=components, GRID=grid, BLOCK=grid, NEEDS_ANCHORS=True)
    return tabulation('offset_grids', GRIDS, warps, **sizes)


def refined(
    grid: int, components: int, warps: int, starts: str = '*i32'
) -> Program:
    """Of refine_cells."""
    return tabulation(
        'refine_cells',
        PAIRS | dict(starts=starts, error='*fp32'),
        warps,
        K=components,
        GRID=grid,
        BLOCK=grid,
        NUM=max(16, 4 * components + 4),
        BLOCK_N=32,
        REFINEMENT=32,
        BLOCK_R=64,
        NEARBY=8,
    )


def density(name: str, *floats: str, **others) -> Program:
    """Of kernels/density.py."""
    banks = [
        f'{part}_{bank}'
        for part in ('weights', 'means', 'variances')
        for bank in (0, 1)
    ]
    signature = dict.fromkeys((*banks, *floats), '*fp32')
    signature |= dict(labels='*i64', domain='*i1')
    if name == 'density_loss':
        signature['share'] = 'fp32'
    signature |= dict(updates_0='*i64', updates_1='*i64', logits='*bf16')
    others.setdefault('constants', {})
    constants = dict(K=5, BLOCK_P=256) | others.pop('constants')
    return Program('density', name, signature | others, constants)


# one entry for each type and size that decides what is generated
PROGRAMS: list[Program] = [
    lookup('*bf16', logits_n='i64'),
    lookup('*fp16', classes=2, starts='*i64'),
    cross_entropy('*bf16', constants=dict(logits_w=1)),
    cross_entropy('*fp32', constants=dict(domain=None, class_weight=None)),
    cross_entropy_backward('*bf16', constants=dict(logits_w=1, out_w=1)),
    cross_entropy_backward('*fp16', classes=2),
    # which has no instructions for bf16
    cross_entropy_backward('*bf16', capabilities=(75,)),
    em_update(5),
    em_update(MAX_COMPONENTS),
    Program(
        'em',
        'moments_program',
        dict.fromkeys(SAMPLES, '*fp32')
        | dict(parameters='*fp32', result='*fp64'),
        dict(LARGEST=1e6, FLOOR=1e-7) | _sizes(5),
    ),
    Program(
        'em',
        'sums_program',
        dict.fromkeys(SAMPLES, '*fp32') | dict(result='*fp64'),
        dict(BLOCK=256, LARGEST=1e6),
    ),
    sampling(
        'labels_program',
        dict(labels='*u8', weight='*fp32', target_mask='*u8', result='*i16'),
        HAS_WEIGHT=True,
        HAS_MASK=True,
        ONE_CLASS=False,
        BLOCK=1024,
    ),
    sampling(
        'shares_program',
        dict(by_class='*i16', result='*i64'),
        WIDTH=MAX_CLASSES,
    ),
    sampling(
        'class_logits_program',
        dict(logits='*bf16', order='*i32', shares='*i64')
        | dict(rank='*i64', result='*fp32'),
        BLOCK=128,
        LARGEST=1e6,
    ),
    sampling(
        'anchor_logits_program',
        dict(logits='*fp16', labels='*i16', drawn='*fp32', shift='*i64')
        | dict(rank='*i32', result='*fp32'),
        EACH=False,
        BLOCK=128,
        LARGEST=1e6,
    ),
    Program(
        'post_hoc',
        'post_hoc_scores',
        dict.fromkeys(
            ('logits', 'out', 'low', 'scale', 'fitted', 'values'), '*fp32'
        )
        | dict(starts='*i32', below='fp32', tau='fp32'),
        dict(REFINEMENT=32, BLOCK_C=8, BLOCK_P=128),
    ),
    tabulation(
        'anchor_quantiles',
        MIXTURES | dict(out='*fp32', clip='fp32'),
        K=5,
        POINTS=1000,
        BLOCK_P=32,
        BLOCK_J=64,
    ),
    grids(512, 5, 4),
    refined(512, 5, 4),
    density('positive_cdf', 'density', valid='*i1'),
    density(
        'density_loss',
        'quality',
        'partial',
        'slope',
        prediction='*bf16',
        constants=dict(SQUARED=True),
    ),
    density(
        'density_loss',
        'prediction',
        'partial',
        'slope',
        logits='*fp32',
        constants=dict(SQUARED=False, quality=None, K=32),
    ),
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
