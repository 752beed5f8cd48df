"""Train and test a row of the paper's tables: ``mmseg-balance reproduce``.

python tools/reproduce.py gta/daformer+blda --seed 1
"""

from mmseg_balance.cli import reproduce
from mmseg_balance.cli.command import main_of

main = main_of(reproduce)

if __name__ == '__main__':
    main()
