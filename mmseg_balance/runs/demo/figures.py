"""Bias and logits of the demo's models, before balancing and after."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from mmengine.config import Config

from ...configuration.data_roots import relocate_data
from ...files.writing import write_atomically
from ...inference.evaluation_set import build_labelled_test_set
from ...inference.passes.model_logits import measure_model_logits
from ...inference.trained_model import build_predictor
from ...visualization.bias_figure import bias_bars
from ...visualization.comparison import ExtraFigure
from ...visualization.paper_figures import ModelLogits, draw_logits
from ...visualization.paper_figures.page import WIDTHS
from ..demo_run import DemoRun, say

BIAS_TEXT = (
    'Bias(l) of {name} by Eq. 4: how much more often than the labels say so '
    'a pixel is called a class, in percentage points; sorted by this run.'
)
LOGITS_TEXT = (
    'The class that {name} predicts too often and the one that it predicts '
    'too rarely, by the largest bias of each kind. Colour: the logit of the '
    'class on its own pixels of the test set; grey: on those of the others; '
    'lines: the mixtures fitted to both, and the anchors that BLDA aligns '
    'them with.'
)


def draw_figures(runs: Sequence[DemoRun]) -> list[ExtraFigure]:
    """Bias of each run, and logits of all; kept beside the first run.

    Args:
        runs: Finished runs, the baseline first.

    Returns:
        The figures, drawn anew where they are not there yet.
    """
    names = [run.name for run in runs]
    headings = [f'Bias of {name}' for name in names]
    texts = [BIAS_TEXT.format(name=name) for name in names]
    headings.append('Logits of an over- and an under-predicted class')
    texts.append(LOGITS_TEXT.format(name=names[0]))
    # of these very runs: the folders' names hold fingerprints
    folder = runs[0].folder / f'figures-{runs[-1].folder.name}'
    files = [folder / f'{i}.png' for i in range(len(headings))]
    if not all(file.is_file() for file in files):
        _draw(runs, files)
    return [
        ExtraFigure(title, text, file.read_bytes())
        for title, text, file in zip(headings, texts, files, strict=True)
    ]


def _draw(runs: Sequence[DemoRun], files: Sequence[Path]) -> None:
    say('logits of the test images, for the figures of the report ...')
    threads = torch.get_num_threads()
    torch.set_num_threads(max(threads // len(runs), 1))
    try:
        with ThreadPoolExecutor(len(runs)) as pool:
            models = list(pool.map(measure, runs))
    finally:
        torch.set_num_threads(threads)
    pictures = [bias_bars(model.classes, model.bias) for model in models]
    pictures.append(draw_logits(models, count=1, width=WIDTHS['text']).png)
    for file, picture in zip(files, pictures, strict=True):
        write_atomically(file, picture)


def measure(run: DemoRun) -> ModelLogits:
    """Logits and bias of a run on the test set.

    Args:
        run: A finished run.

    Returns:
        Samples of the logits, mixtures and anchors fitted to them.
    """
    cfg = Config(run.cfg.to_dict())
    relocate_data(cfg, run.data_roots)
    cfg, model = build_predictor(cfg, str(run.checkpoint))
    dataset = build_labelled_test_set(cfg)
    return measure_model_logits(model, dataset, run.name, num_workers=0)
