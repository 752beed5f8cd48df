"""Seeds that are a function of where a run stands, not of how it got there."""

import random
import zlib

import numpy as np
import torch


def hash_seed(stream: str, *numbers: int) -> int:
    """Mix numbers into a seed.

    Equal arguments give equal seeds on every machine; seeds of different
    arguments are unrelated, however close the numbers are.

    Args:
        stream: What the seed is for; keeps the seeds of two purposes apart.
        *numbers: Non-negative integers, for instance (seed, rank, iteration).

    Returns:
        A seed below 2 ** 63.
    """
    entropy = [zlib.crc32(stream.encode()), *numbers]
    state = np.random.SeedSequence(entropy).generate_state(1, np.uint64)
    return int(state[0]) >> 1


def seed_cpu_generators(seed: int) -> None:
    """Seed Python's, NumPy's and PyTorch's global generators on the CPU.

    Unlike ``torch.manual_seed`` it leaves the accelerator alone, which a
    worker process must not touch.

    Args:
        seed: Non-negative integer below 2 ** 63.
    """
    random.seed(seed)
    # the legacy generator takes 32-bit words
    np.random.seed([seed & 0xFFFFFFFF, seed >> 32])
    torch.default_generator.manual_seed(seed)
