"""Train ids and class statistics of VIPER: ``mmseg-balance data viper``.

python tools/dataset_converters/viper.py data/viper --nproc 8
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.data.video import viper

main = main_of(viper)

if __name__ == '__main__':
    main()
