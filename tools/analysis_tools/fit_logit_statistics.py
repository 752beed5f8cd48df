"""Fit distributions of logits: ``mmseg-balance logits fit``.

python tools/analysis_tools/fit_logit_statistics.py CONFIG CHECKPOINT
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.logits import fit

main = main_of(fit)

if __name__ == '__main__':
    main()
