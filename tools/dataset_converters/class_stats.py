"""Class statistics of any labels: ``mmseg-balance data class-stats``.

python tools/dataset_converters/class_stats.py LABELS --num-classes 11
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.data import class_stats

main = main_of(class_stats)

if __name__ == '__main__':
    main()
