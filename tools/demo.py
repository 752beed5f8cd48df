"""Adapt a small network to toy streets: ``mmseg-balance demo``.

python tools/demo.py
"""

from mmseg_balance.cli import demo
from mmseg_balance.cli.command import main_of

main = main_of(demo)

if __name__ == '__main__':
    main()
