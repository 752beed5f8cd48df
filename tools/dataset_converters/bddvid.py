"""BDDVid of the clips of BDD100K: ``mmseg-balance data bddvid``.

python tools/dataset_converters/bddvid.py --help
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.data.video import bddvid

main = main_of(bddvid)

if __name__ == '__main__':
    main()
