"""Classes that are predicted too often: ``mmseg-balance logits bias``.

python tools/analysis_tools/assess_bias.py CONFIG CHECKPOINT
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.logits import bias

main = main_of(bias)

if __name__ == '__main__':
    main()
