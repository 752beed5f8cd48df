"""Draw translation.png from toy streets, in a checkout.

    python docs/images/draw_translation.py data/toy_streets

Rows are images of the source, columns the image, a target image, and what
the translators of ``mmseg-balance translate`` make of the two.
"""

import io
import sys
from pathlib import Path

import cv2
import matplotlib

matplotlib.use('Agg')

import matplotlib.pyplot as plt
from PIL import Image

from mmseg_balance.inference.translators.styles import (
    fourier_translator,
    lab_translator,
)

PAIRS = ((3, 4), (40, 50))  # numbers of the images
TRANSLATORS = {
    'fourier, beta 0.01': fourier_translator(0.01),
    'fourier, beta 0.05': fourier_translator(0.05),
    'lab': lab_translator(),
}


def main(data: Path) -> None:
    """Draw the picture.

    Args:
        data: Folder of the toy streets.
    """
    sources = sorted(data.glob('toy_gta/images/*.png'))
    targets = sorted(data.glob('toy_cityscapes/leftImg8bit/train/**/*.png'))
    titles = ['source', 'target', *TRANSLATORS]
    figure, axes = plt.subplots(
        len(PAIRS), len(titles), figsize=(13, 2.9), layout='constrained'
    )
    for row, (i, j) in zip(axes, PAIRS, strict=True):
        image, target = (cv2.imread(str(p)) for p in (sources[i], targets[j]))
        styled = [make(image, target) for make in TRANSLATORS.values()]
        for axis, picture in zip(row, [image, target, *styled], strict=True):
            axis.imshow(picture[..., ::-1], interpolation='antialiased')
            axis.set_axis_off()
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize=9)
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=100)
    image = Image.open(buffer).convert('RGB').quantize(255)
    image.save(Path(__file__).parent / 'translation.png', optimize=True)


if __name__ == '__main__':
    main(Path(sys.argv[1]))
