"""Operations of a network: ``mmseg-balance configs flops``.

python tools/analysis_tools/get_flops.py CONFIG --shape 1024 2048
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.configs import flops

main = main_of(flops)

if __name__ == '__main__':
    main()
