"""Train a model from a config: the command ``mmseg-balance train``.

python tools/train.py configs/dacs/dacs_r101_40k_gta2cityscapes-512x512.py
"""

from mmseg_balance.cli import train
from mmseg_balance.cli.command import main_of

main = main_of(train)

if __name__ == '__main__':
    main()
