"""Train ids of Cityscapes: ``mmseg-balance data cityscapes``.

python tools/dataset_converters/cityscapes.py data/cityscapes --nproc 8
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.data import cityscapes

main = main_of(cityscapes)

if __name__ == '__main__':
    main()
