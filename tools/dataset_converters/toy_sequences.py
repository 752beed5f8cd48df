"""Toy streets that move: ``mmseg-balance data toy-sequences``.

python tools/dataset_converters/toy_sequences.py data/toy_sequences --nproc 2
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.data.video import toy_sequences

main = main_of(toy_sequences)

if __name__ == '__main__':
    main()
