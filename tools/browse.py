"""Pictures of what a training would learn from: ``mmseg-balance browse``.

python tools/browse.py CONFIG
"""

from mmseg_balance.cli import browse
from mmseg_balance.cli.command import main_of

main = main_of(browse)

if __name__ == '__main__':
    main()
