"""Options that several commands have."""

import os
from argparse import (
    Action,
    ArgumentParser,
    ArgumentTypeError,
    Namespace,
    _ActionsContainer,
)
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# a parser is one, and a group of its options
ArgumentGroup = _ActionsContainer
# configuration.data_roots reads it
DATA_VARIABLE = 'MMSEG_BALANCE_DATA'
LISTS = 'lists as key="[a,b]" or key=a,b'


class Overrides(Action):
    """``KEY=VALUE ...``, read by mmengine once there are some."""

    def __call__(
        self,
        parser: ArgumentParser,
        namespace: Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Take the overrides, or end the program as argparse does."""
        from ..configuration.options import OptionAction

        action = OptionAction(self.option_strings, self.dest, nargs='+')
        action(parser, namespace, values, option_string)


def add_cfg_options(parser: ArgumentGroup, example: str = '') -> None:
    """Add ``--cfg-options``.

    Args:
        parser: Parser of a command.
        example: ``KEY=VALUE`` to show, or several.
    """
    such = f', for instance {example}' if example else ''
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=Overrides,
        metavar='KEY=VALUE',
        help=f'override keys of the config{such}; {LISTS}',
    )


def add_data_root(parser: ArgumentGroup) -> None:
    """Add ``--data-root``, which ``load_config`` takes."""
    parser.add_argument(
        '--data-root',
        nargs='+',
        metavar='NAME=FOLDER',
        help='where data sets lie: gta=/x cityscapes=/y for data/gta and '
        'data/cityscapes of the config; the environment variable '
        f'{DATA_VARIABLE}=FOLDER stands for data/ of all of them',
    )


def add_processes(parser: ArgumentGroup) -> None:
    """Add what starts, or says what has started, several processes."""
    parser.add_argument(
        '--gpus',
        type=positive_int,
        metavar='N',
        help='start N processes on this machine, one a GPU, or N on the CPU '
        'where there is none',
    )
    parser.add_argument(
        '--device',
        choices=['cpu'],
        help='use no GPU although there is one; mim passes it for its '
        '--gpus 0',
    )
    parser.add_argument(
        '--launcher',
        default='none',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        help='what started several processes',
    )
    # torch.distributed.launch passes --local-rank, torchrun the variable
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def add_part(parser: ArgumentGroup) -> None:
    """Add ``--part``, student or teacher."""
    parser.add_argument(
        '--part',
        choices=['student', 'teacher'],
        help='which segmentor; by default the one that model.predict_with '
        'of the config names',
    )


def add_post_hoc(parser: ArgumentGroup) -> None:
    """Add ``--post-hoc`` and its settings.

    Args:
        parser: Parser of a command, or a group of it.
    """
    parser.add_argument(
        '--post-hoc',
        metavar='STATISTICS',
        help='balance the classes by the distributions of the logits (Eq. 7 '
        'of BLDA): file of `logits fit`, or a checkpoint of a training with '
        'BLDALoss',
    )
    parser.add_argument(
        '--tau',
        type=float,
        help='scale of the offset of --post-hoc (default: 1)',
    )
    parser.add_argument(
        '--domain',
        choices=['target', 'source'],
        help='whose distributions --post-hoc takes (default: target)',
    )


def add_min_samples(parser: ArgumentGroup) -> None:
    """Add how many labelled pixels a class needs for its distributions."""
    parser.add_argument(
        '--min-samples',
        type=positive_int,
        default=100,
        metavar='N',
        help='labelled pixels that a class needs for its distributions to be '
        'fitted, images of a classifier (default: 100)',
    )


def add_device(parser: ArgumentGroup) -> None:
    """Add ``--device``."""
    parser.add_argument('--device', help="such as 'cpu' or 'cuda:0'")


def add_batches(parser: ArgumentGroup) -> None:
    """Add the options for how images go through a model."""
    parser.add_argument(
        '--batch-size',
        type=int,
        default=1,
        metavar='N',
        help='images of one size that go through the model together '
        '(default: 1)',
    )
    parser.add_argument(
        '--num-workers',
        type=int,
        default=2,
        metavar='N',
        help='threads that load images ahead (default: 2)',
    )


def add_out_folder(
    parser: ArgumentGroup, files: Sequence[str], name: str
) -> None:
    """Add ``--out`` and ``--overwrite`` of a command that writes files.

    Args:
        parser: Parser of a command.
        files: What it writes.
        name: Default folder, below ``work_dirs/<name of the config>``.
    """
    parser.add_argument(
        '--out',
        type=Path,
        metavar='FOLDER',
        help=f'folder for {", ".join(files)}; by default '
        f'work_dirs/<name of the config file>/{name}',
    )
    parser.add_argument(
        '--overwrite',
        action='store_true',
        help='replace these files where they are in FOLDER',
    )


def add_nproc(parser: ArgumentGroup) -> None:
    """Add the option for the number of processes that read files."""
    parser.add_argument(
        '--nproc',
        type=positive_int,
        default=os.cpu_count() or 1,
        help='number of processes (default: %(default)s)',
    )


def positive_int(text: str) -> int:
    """Parse a number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f'expected an integer >= 1, found "{text}"')
    return int(text)
