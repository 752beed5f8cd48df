"""Two runs, compared bit by bit."""

import json
from pathlib import Path

import torch


def losses(work_dir: Path) -> dict[int, dict]:
    """Logged values by iteration; the last run of each wins."""
    logged = {}
    for file in sorted(work_dir.glob('*/vis_data/scalars.json')):
        for line in file.read_text().splitlines():
            values = json.loads(line)
            logged[values['step']] = {
                k: v
                for k, v in values.items()
                if k not in ('time', 'data_time', 'memory')
            }
    return logged


def assert_equal(a, b, where=''):
    """Nested state, bit by bit."""
    assert type(a) is type(b), where
    if isinstance(a, torch.Tensor):
        assert torch.equal(a, b), where
    elif isinstance(a, dict):
        assert a.keys() == b.keys(), where
        for key in a:
            assert_equal(a[key], b[key], f'{where}.{key}')
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b), where
        for i, (x, y) in enumerate(zip(a, b)):
            assert_equal(x, y, f'{where}[{i}]')
    else:
        assert a == b, where
