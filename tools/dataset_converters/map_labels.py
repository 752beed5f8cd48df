"""Replace values in label files: ``mmseg-balance data map-labels``.

python tools/dataset_converters/map_labels.py masks labels 255=1
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.data import map_labels

main = main_of(map_labels)

if __name__ == '__main__':
    main()
