"""Make training_pictures.png of a picture that a training drew.

    python docs/images/draw_training_pictures.py \\
        WORK_DIR/TIMESTAMP/vis_data/vis_image/training_1_202.png

It is that picture, smaller and with 256 colours: iteration 202 of DACS with
BLDA on toy streets, by ``mmseg-balance train CONFIG --pictures 202``.
"""

import sys
from pathlib import Path

from PIL import Image

WIDTH, COLOURS = 1600, 256


def main(path: Path) -> None:
    """Write the picture.

    Args:
        path: One of a training.
    """
    picture = Image.open(path).convert('RGB')
    height = round(picture.height * WIDTH / picture.width)
    picture = picture.resize((WIDTH, height), Image.Resampling.LANCZOS)
    colours = picture.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE)
    indexed = picture.quantize(
        palette=colours, dither=Image.Dither.FLOYDSTEINBERG
    )
    out = Path(__file__).parent / 'training_pictures.png'
    indexed.save(out, optimize=True)


if __name__ == '__main__':
    main(Path(sys.argv[1]))
