"""Convert public checkpoints: ``mmseg-balance checkpoint convert``.

python tools/model_converters/uda_checkpoint.py IN OUT
"""

from mmseg_balance.cli.checkpoint import convert
from mmseg_balance.cli.command import main_of

main = main_of(convert)

if __name__ == '__main__':
    main()
