"""Class weights of a training: ``mmseg-balance figure class-weights``.

python tools/analysis_tools/plot_class_weights.py WORK_DIR
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.figure import class_weights

main = main_of(class_weights)

if __name__ == '__main__':
    main()
