"""Train ids and class statistics of GTA: ``mmseg-balance data gta``.

python tools/dataset_converters/gta.py data/gta --nproc 8
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.data import gta

main = main_of(gta)

if __name__ == '__main__':
    main()
