"""Draw the toy streets: ``mmseg-balance data toy-streets``.

python tools/dataset_converters/toy_streets.py --nproc 2
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.data import toy_streets

main = main_of(toy_streets)

if __name__ == '__main__':
    main()
