"""What holds or does not: no waiting for the GPU, and NCCL on one rank."""

import tempfile
import traceback
import warnings
from pathlib import Path
from unittest import mock

import torch
from step_cases import Case, build, iterate, random_batch, update_others
from step_launches import count_launches
from torch import Tensor, nn

import mmseg_balance
from mmseg_balance.models.uda import UDAModelWrapper, segmentor

from .options import Options
from .steps import case_of

PACKAGE = Path(mmseg_balance.__file__).parent
NOTE = 'called a synchronizing CUDA operation'
TOLERANCE = 1e-3
# method, balance, precision
WAITING = (
    ('daformer', 'none', 'float32'),
    ('daformer', 'blda', 'float32'),
    ('hrda', 'blda', 'float32'),
    ('daformer', 'blda', 'amp'),
)


def check_waiting(options: Options) -> list[dict]:
    """Whether an iteration ever waits for the GPU.

    After a warm-up, with the batch on the GPU, without the log, which is the
    one thing that is read. Without a GPU the iteration runs on the meta
    device, which refuses what would wait.

    Returns:
        A row of each case: its 'method', 'balance' and 'precision', and
        'places' in the code that wait.
    """
    found = []
    for method, balance, precision in WAITING:
        fields = dict(method=method, balance=balance, precision=precision)
        case = case_of(options, **fields)
        if not options.is_small:
            found.append(dict(fields, places=waiting_places(case)))
        elif precision == 'float32':
            found.append(dict(fields, places=refused_places(case)))
    return found


def waiting_places(case: Case) -> list[str]:
    """Places of an iteration that wait, 'file:line'."""
    model, wrapper = build(case)
    generator = torch.Generator().manual_seed(0)
    data = on_device(random_batch(model, case.images, generator), case.device)
    with mock.patch.object(segmentor, 'to_host', lambda logs, losses: {}):
        for _ in range(2):
            iterate(model, data, wrapper)
        try:
            torch.cuda.set_sync_debug_mode('error')
            iterate(model, data, wrapper)
        except RuntimeError as error:
            if NOTE not in str(error):
                raise
        else:
            return []
        finally:
            torch.cuda.set_sync_debug_mode('default')
        return noted_places(model, data, wrapper)


def refused_places(case: Case) -> list[str]:
    """The first place that asks the meta device for a value, if any does."""
    try:
        count_launches(case)
    except (NotImplementedError, RuntimeError) as error:
        own = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if Path(frame.filename).is_relative_to(PACKAGE)
        ]
        if 'meta' not in str(error) or not own:
            raise
        return [f'{own[-1].filename}:{own[-1].lineno}']
    return []


def noted_places(model: nn.Module, data: dict, wrapper) -> list[str]:
    """All places that wait, of which 'error' stops at the first."""
    torch.cuda.set_sync_debug_mode('warn')
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            iterate(model, data, wrapper)
    finally:
        torch.cuda.set_sync_debug_mode('default')
    return sorted(
        {f'{w.filename}:{w.lineno}' for w in caught if NOTE in str(w.message)}
    )


def on_device(data: dict, device: str) -> dict:
    """A batch that no iteration has to copy."""
    return {
        domain: dict(
            inputs=[image.to(device) for image in batch['inputs']],
            data_samples=[s.to(device) for s in batch['data_samples']],
        )
        for domain, batch in data.items()
    }


def check_one_rank(options: Options) -> list[dict]:
    """Two iterations on a process group of one rank, and without one.

    Returns:
        A row: the 'backend', the number of 'parameters' that were sent, the
        largest relative 'error' of what the second iteration logs, and its
        'limit' (kernels of a GPU add up in any order).
    """
    backend = 'gloo' if options.is_small else 'nccl'
    case = Case(
        'dacs', 'blda', net='mit-b0', size=64, images=1, device=options.device
    )
    alone, _ = train(case)
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder, 'store').as_uri()
        torch.distributed.init_process_group(
            backend, init_method=store, rank=0, world_size=1
        )
        try:
            ranked, parameters = train(case)
            # the package itself sends nothing without a second rank
            for parameter in parameters:
                sent = parameter.clone()
                torch.distributed.all_reduce(sent)
                torch.testing.assert_close(sent, parameter, rtol=0, atol=0)
        finally:
            torch.distributed.destroy_process_group()
    errors = [
        abs(ranked[name] - value) / max(abs(value), 1e-6)
        for name, value in alone.items()
    ]
    # not max(), which passes over a NaN that is not the first
    error = torch.tensor(errors, dtype=torch.float64).max().item()
    return [
        dict(
            backend=backend,
            parameters=len(parameters),
            error=error,
            limit=TOLERANCE,
        )
    ]


def train(case: Case) -> tuple[dict[str, float], list[Tensor]]:
    """The log of the second of two iterations, and the parameters then."""
    model, optimizer = build(case)
    wrapped = UDAModelWrapper(model)
    generator = torch.Generator().manual_seed(0)
    for iteration in (1, 2):
        torch.manual_seed(iteration)
        data = random_batch(model, case.images, generator)
        log = wrapped.train_step(data, optimizer)
        update_others(model)
    return log, [p.detach() for p in model.student.parameters()]
