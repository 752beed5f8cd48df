"""Frames of Cityscapes-Seq: ``mmseg-balance data cityscapes-seq``.

python tools/dataset_converters/cityscapes_seq.py data/cityscapes
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.data.video import cityscapes_seq

main = main_of(cityscapes_seq)

if __name__ == '__main__':
    main()
