"""Scores over the scale tau: ``mmseg-balance logits sweep-tau``.

python tools/analysis_tools/sweep_tau.py CONFIG CHECKPOINT STATISTICS
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.logits import sweep_tau

main = main_of(sweep_tau)

if __name__ == '__main__':
    main()
