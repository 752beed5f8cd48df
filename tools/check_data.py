"""Read all data of a config first: ``mmseg-balance data check``.

python tools/check_data.py CONFIG
"""

from mmseg_balance.cli.command import main_of
from mmseg_balance.cli.data import check

main = main_of(check)

if __name__ == '__main__':
    main()
