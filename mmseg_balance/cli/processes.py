"""``--gpus N``: one command, N processes of this machine."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from ..errors import exit_with


def become_processes(name: str, args: Namespace) -> None:
    """Become torchrun of a command with ``--gpus``, unless it is one process.

    torchrun takes the place of this process, so that signals reach it, and
    its status is that of the command. It finds a free port. With
    ``--device cpu`` the GPUs are hidden from this process and from those.

    Args:
        name: The command, 'train' for one.
        args: Its arguments, with ``words``, the line that they are of.

    Raises:
        SystemExit: The machine has fewer GPUs, or something else has started
            several processes.
    """
    if args.device == 'cpu':
        # before mmengine looks what there is; processes take it over
        os.environ['CUDA_VISIBLE_DEVICES'] = '-1'
    if args.gpus is None:
        return
    if args.launcher != 'none':
        exit_with(
            f'--gpus {args.gpus} starts the processes itself: leave '
            f'--launcher {args.launcher} out'
        )
    if args.gpus == 1:
        return
    import torch

    there = torch.cuda.device_count()
    if there and args.gpus > there:
        exit_with(f'--gpus {args.gpus}, but this machine has {there}')
    command = torchrun(name, without_launch(args.words), args.gpus)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)


def without_launch(words: Sequence[str]) -> list[str]:
    """A line without ``--gpus N``, and without ``--launcher none``.

    Left in, the latter would undo what ``torchrun`` puts before it: N
    trainings that know nothing of each other, in one folder.

    Args:
        words: The arguments of a command.

    Returns:
        The others, in their order.
    """
    parser = ArgumentParser(add_help=False)
    parser.add_argument('--gpus')
    parser.add_argument('--launcher')
    return parser.parse_known_args(list(words))[1]


def torchrun(name: str, words: Sequence[str], num: int) -> list[str]:
    """Line that starts processes of a command.

    Args:
        name: The command.
        words: Its arguments.
        num: Number of processes.

    Returns:
        The line; its first word is this Python.
    """
    return [
        *(sys.executable, '-m', 'torch.distributed.run', '--standalone'),
        *(f'--nproc_per_node={num}', '-m', 'mmseg_balance'),
        *(name, '--launcher', 'pytorch', *words),
    ]
