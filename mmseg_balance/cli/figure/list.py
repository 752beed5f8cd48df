"""``mmseg-balance figure list``."""

from argparse import ArgumentParser, Namespace

DESCRIPTION = """\
Which figure of which paper each command draws.
"""
EXAMPLE = """\
example:
  mmseg-balance figure list
"""
# paper, figures, and the command; what differs from the paper
FIGURES = (
    ('BLDA', '1c, 1d', 'bias', 'CONFIG CHECKPOINT'),
    ('BLDA', '2a', 'per-class', 'WORK_DIR ... --metric Acc'),
    ('BLDA', '2b', 'pseudo-labels', 'WORK_DIR ...'),
    ('BLDA', '4, 10', 'qualitative', 'CONFIG CHECKPOINT --baseline ...'),
    ('BLDA', '5', 'tau', 'CONFIG CHECKPOINT --statistics FILE'),
    ('BLDA', '6, 9', 'logits', 'CONFIG CHECKPOINT --baseline ...'),
    ('BLDA', '7, 8', 'mixtures', 'CHECKPOINT or file of `logits fit`'),
    ('GBW', '2, 6', 'class-weights', 'WORK_DIR --baseline WORK_DIR'),
    ('GBW', '4a', 'confusion', 'CONFIG CHECKPOINT --baseline ...'),
    ('GBW', '4b', 'per-class', 'WORK_DIR ...'),
    ('GBW', '5', 'qualitative', 'CONFIG CHECKPOINT --baseline ...'),
)


def add_arguments(parser: ArgumentParser) -> None:
    """It has none."""


def run(args: Namespace) -> None:
    """Print the table."""
    print(f'{"paper":5}  {"figure":7}  command')
    for paper, figures, command, words in FIGURES:
        line = f'mmseg-balance figure {command} {words}'
        print(f'{paper:5}  {figures:7}  {line}')
