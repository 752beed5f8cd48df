"""Time and peak memory of callables, for the scripts beside this one.

What is compared runs in turn, again and again, and medians are taken, so that
whatever else the machine does falls on all of it alike.
"""

import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

MB = 2**20
STATUS = Path('/proc/self/status')
# glibc keeps what is freed: give each tensor its own pages, and back, or a
# peak says nothing
MALLOC = dict(MALLOC_MMAP_THRESHOLD_='65536', MALLOC_TRIM_THRESHOLD_='65536')


def machine(device: str) -> dict[str, object]:
    """What a result should be quoted with."""
    if device != 'cpu':  # events and memory are those of the current one
        torch.cuda.set_device(torch.device(device).index or 0)
    name = platform.processor() or platform.machine()
    info = Path('/proc/cpuinfo')
    if device != 'cpu':
        name = torch.cuda.get_device_name(device)
    elif info.exists():
        lines = info.read_text().splitlines()
        models = [x.split(':')[1] for x in lines if x.startswith('model name')]
        name = models[0].strip() if models else name
    return dict(
        device=device,
        name=name,
        threads=torch.get_num_threads(),
        torch=torch.__version__,
    )


def timed(
    run: Callable[[], None],
    device: str,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Seconds of one call.

    Args:
        run: What is called.
        device: Where it runs; on CUDA its own events are the clock.
        clock: On a CPU. ``time.process_time`` leaves out what others make
            this process wait for, and adds its threads up.
    """
    if device == 'cpu':
        start = clock()
        run()
        return clock() - start
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    run()
    end.record()
    torch.cuda.synchronize()
    return begin.elapsed_time(end) / 1000


def alternate(
    runs: Sequence[Callable[[], None]],
    repeats: int,
    device: str,
    clock: Callable[[], float] = time.perf_counter,
) -> list[tuple[float, float]]:
    """Time several callables in alternation.

    Args:
        runs: What to time.
        repeats: Rounds, after two that do not count.
        device: Where they run.
        clock: See :func:`timed`.

    Returns:
        Of each one its median in seconds, and the median of its ratio to
        the first one of the same round.
    """
    for run in runs:
        timed(run, device)
        timed(run, device)
    times = [
        [timed(run, device, clock) for run in runs] for _ in range(repeats)
    ]
    return [
        (
            statistics.median(round_[i] for round_ in times),
            statistics.median(round_[i] / round_[0] for round_ in times),
        )
        for i in range(len(runs))
    ]


def peak_memory(make: Callable[..., Callable], args: tuple) -> float:
    """MB that a case takes at its peak, what it is made of included.

    On the CPU in a process of its own (Linux; elsewhere NaN), on CUDA by the
    allocator. The first call, which sets things up, does not count.

    Args:
        make: Gives the callable; importable, for the process.
        args: Its arguments, the device last.
    """
    if args[-1] != 'cpu':
        before = torch.cuda.memory_allocated()
        run = make(*args)
        run()
        torch.cuda.reset_peak_memory_stats()
        run()
        return (torch.cuda.max_memory_allocated() - before) / MB
    if not STATUS.exists():
        return float('nan')
    kept = {name: os.environ.get(name) for name in MALLOC}
    os.environ.update(MALLOC)
    try:
        context = multiprocessing.get_context('spawn')
        queue = context.Queue()
        process = context.Process(target=_resident, args=(make, args, queue))
        process.start()
        while process.is_alive() and queue.empty():
            time.sleep(0.1)
        if queue.empty():
            raise RuntimeError(f'measuring {args} failed, see above')
        peak = queue.get()
        process.join()
    finally:
        for name, value in kept.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    return peak


def _resident(make: Callable, args: tuple, queue) -> None:
    torch.ones(8, 3, 32, 32).sum()  # what the first operation allocates
    before = _status('VmRSS')
    run = make(*args)
    run()
    # Linux: the peak so far is forgotten
    Path('/proc/self/clear_refs').write_text('5')
    run()
    queue.put((_status('VmHWM') - before) / MB)


def _status(key: str) -> int:
    lines = STATUS.read_text().splitlines()
    return int(next(x for x in lines if x.startswith(key)).split()[1]) * 1024
