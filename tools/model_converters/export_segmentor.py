"""Write a plain segmentor: ``mmseg-balance checkpoint export``.

python tools/model_converters/export_segmentor.py CONFIG CHECKPOINT OUT
"""

from mmseg_balance.cli.checkpoint import export
from mmseg_balance.cli.command import main_of

main = main_of(export)

if __name__ == '__main__':
    main()
