"""Evaluate a checkpoint: the command ``mmseg-balance test``.

python tools/test.py CONFIG CHECKPOINT
"""

from mmseg_balance.cli import test
from mmseg_balance.cli.command import main_of

main = main_of(test)

if __name__ == '__main__':
    main()
