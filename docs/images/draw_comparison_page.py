"""Draw comparison_page.png from the scores in docs/benchmarks, in a checkout.

    python docs/images/draw_comparison_page.py

The upper part of the page that ``mmseg-balance compare --html`` writes, in a
Chromium that is installed. Students on CamVid day -> dusk, all seeds.
"""

import io
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parent
SCORES = IMAGES.parent / 'benchmarks' / 'pairs' / 'camvid_day2dusk'
RUNS = ('dacs', 'dacs_blda_tau0.5')
NAMES = ('DACS', 'DACS + BLDA')
WIDTH, HEIGHT, COLOURS = 1150, 1500, 64


def main() -> None:
    """Compare, open the page, and keep its upper part."""
    files = [
        file
        for run in RUNS
        for file in sorted(SCORES.glob(f'{run}_seed[0-9]*.json'))
    ]
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / 'page.html'
        options = ['--part', 'student', '--html', path, '--names', *NAMES]
        command = [sys.executable, '-m', 'mmseg_balance', 'compare']
        subprocess.run([*command, *files, *options], check=True)
        browser = playwright.chromium.launch(
            executable_path=shutil.which('chromium'), args=['--no-sandbox']
        )
        page = browser.new_page(viewport=dict(width=WIDTH, height=HEIGHT))
        page.goto(path.resolve().as_uri())
        # what files of scores alone do not hold
        page.locator('.notes').evaluate('notes => notes.remove()')
        picture = Image.open(io.BytesIO(page.screenshot()))
        browser.close()
    # keeps colours of few pixels, as of thin lines
    few = picture.convert('RGB').quantize(
        COLOURS, method=Image.Quantize.MAXCOVERAGE
    )
    few.save(IMAGES / 'comparison_page.png', optimize=True)


if __name__ == '__main__':
    main()
