"""Train ids and class statistics of SYNTHIA: ``mmseg-balance data synthia``.

python tools/dataset_converters/synthia.py data/synthia --nproc 8
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.data import synthia

main = main_of(synthia)

if __name__ == '__main__':
    main()
