"""How well flow moves labels: those of a frame before, on CamVid's clip.

    python tools/benchmarks/flow_labels.py --data-root ../shared/data/camvid

Labels of a frame are moved to the frame that is 1 or 3 frames later (2 or 6
numbers), by DIS or not at all, and scored against its own labels: mIoU of 11
classes over all pairs, of all pixels that both label, and of those that pass
the forward-backward check.
"""

import argparse
import time
from collections.abc import Sequence

import cv2
import numpy as np
import torch

from mmseg_balance.datasets import CamVidVideoDataset
from mmseg_balance.optical_flow import (
    dis_flow,
    forward_backward_valid,
    warp_labels,
)
from mmseg_balance.optical_flow.dis import PRESETS

CLASSES, IGNORED = 11, 255
PREFIX = dict(img_path='day/images/train', seg_map_path='day/labels/train')


def parse_args(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--data-root', default='data/camvid')
    parser.add_argument('--steps', type=int, nargs='+', default=[1, 3])
    parser.add_argument('--pairs', type=int, default=100, help='at most')
    return parser.parse_args(words)


def pairs_of(root: str, step: int, count: int) -> list[dict]:
    """Pairs of the clip, evenly spaced."""
    dataset = CamVidVideoDataset(
        data_root=root,
        data_prefix=PREFIX,
        recordings=('0016E5',),
        numbers=(7959, 8159),
        previous=2 * step,
    )
    places = np.linspace(0, len(dataset), min(count, len(dataset)), False)
    return [dataset.get_data_info(int(i)) for i in places]


def confusion(label: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Pixels by label and moved label, of those that have both, (11, 11)."""
    both = (label < CLASSES) & (moved < CLASSES)
    index = label[both].astype(int) * CLASSES + moved[both]
    return np.bincount(index, minlength=CLASSES**2).reshape(CLASSES, -1)


def mean_iou(matrix: np.ndarray) -> float:
    """In percent, over the classes that occur."""
    union = matrix.sum(0) + matrix.sum(1) - matrix.diagonal()
    with np.errstate(invalid='ignore'):
        return float(100 * np.nanmean(matrix.diagonal() / union))


def rows_of(pairs: Sequence[dict]) -> list[tuple]:
    """Name, mIoU, mIoU and share of consistent pixels, and ms, of each."""
    names = ('no motion', *PRESETS)
    whole = {name: np.zeros((CLASSES, CLASSES), int) for name in names}
    checked = {name: np.zeros((CLASSES, CLASSES), int) for name in PRESETS}
    times: dict[str, list[float]] = {name: [] for name in PRESETS}
    shares: dict[str, list[float]] = {name: [] for name in PRESETS}
    for pair in pairs:
        image, earlier = (
            cv2.imread(pair[key]) for key in ('img_path', 'prev_img_path')
        )
        label, before = (
            cv2.imread(pair[key], cv2.IMREAD_UNCHANGED)
            for key in ('seg_map_path', 'prev_seg_map_path')
        )
        whole['no motion'] += confusion(label, before)
        for preset in PRESETS:
            begin = time.process_time()
            flow = dis_flow(image, earlier, preset)
            times[preset].append(1e3 * (time.process_time() - begin))
            there, back = (
                torch.from_numpy(f).permute(2, 0, 1)[None]
                for f in (flow, dis_flow(earlier, image, preset))
            )
            valid = forward_backward_valid(there, back)
            labels = torch.from_numpy(before)[None]
            moved = warp_labels(labels, there)[0].numpy()
            whole[preset] += confusion(label, moved)
            moved = warp_labels(labels, there, valid)[0].numpy()
            checked[preset] += confusion(label, moved)
            shares[preset].append(float(valid.float().mean()))
    rows = [('no motion', mean_iou(whole['no motion']), None, None, None)]
    for name in PRESETS:
        scores = mean_iou(whole[name]), mean_iou(checked[name])
        share = 100 * float(np.mean(shares[name]))
        rows.append((name, *scores, share, float(np.median(times[name]))))
    return rows


def main(words: Sequence[str] | None = None) -> None:
    """Print a table for each step."""
    args = parse_args(words)
    cv2.setNumThreads(1)
    for step in args.steps:
        pairs = pairs_of(args.data_root, step, args.pairs)
        print(f'\nstep {step}, {len(pairs)} pairs')
        print('| flow | mIoU | consistent pixels | share | CPU ms a pair |')
        print('| --- | --- | --- | --- | --- |')
        for name, *numbers in rows_of(pairs):
            cells = ['-' if n is None else f'{n:.1f}' for n in numbers]
            print(f'| {name} | {" | ".join(cells)} |')


if __name__ == '__main__':
    main()
