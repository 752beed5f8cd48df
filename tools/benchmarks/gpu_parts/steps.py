"""Time and memory of training steps, a base beside what is compared."""

import gc
from collections.abc import Callable, Sequence

import torch
from measure import MB, alternate, timed
from step_cases import Case, make_step

from .options import Options, Skipped

# that the rounds of a part may take, three rounds at least
SECONDS = 20


def measure_steps(options: Options, cases: Sequence[dict]) -> list[dict]:
    """Measure cases in alternation; the first one is the base.

    Args:
        options: Sizes.
        cases: What differs from a plain case, as fields of a ``Case``.

    Returns:
        A row of each case: its fields, 'seconds' (median), 'ratio' to the
        base (median of the rounds' ratios), on CUDA 'peak_mb', and the
        number of rounds as 'repeats'.
    """
    torch.backends.cudnn.benchmark = True  # as in the configs
    given = [case_of(options, **fields) for fields in cases]
    if options.is_small and any(case.compiled for case in given):
        raise Skipped('torch.compile takes minutes on a CPU')
    made = [warmed_up(case) for case in given]
    peaks = [held and held + peak_of(run) for run, held in made]
    runs = [run for run, _ in made]
    lasting = sum(timed(run, options.device) for run in runs)
    repeats = min(options.repeats, max(3, int(SECONDS / lasting)))
    times = alternate(runs, repeats, options.device)
    del made, runs
    gc.collect()
    return [
        dict(
            case._asdict(),
            seconds=seconds,
            ratio=ratio,
            peak_mb=peak,
            repeats=repeats,
        )
        for case, (seconds, ratio), peak in zip(
            given, times, peaks, strict=True
        )
    ]


def case_of(options: Options, **fields) -> Case:
    """A case of the sizes that are asked for."""
    return Case(
        **fields,
        net=options.net,
        size=options.size,
        images=options.images,
        device=options.device,
    )


def warmed_up(case: Case) -> tuple[Callable[[], None], float | None]:
    """A step after its first call, and the MB that it holds on to.

    Parameters, optimizer, teacher, statistics; None on the CPU.
    """
    if case.device == 'cpu':
        return make_step(*case), None
    before = torch.cuda.memory_allocated()
    run = make_step(*case)
    run()
    return run, (torch.cuda.memory_allocated() - before) / MB


def peak_of(run: Callable[[], None]) -> float:
    """MB that a step takes at its peak, beyond what is held anyway."""
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    run()
    return (torch.cuda.max_memory_allocated() - before) / MB
