"""Logits of the demo's models, beside the anchors of their balance."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from mmengine.config import Config

from ...configuration.data_roots import relocate_data
from ...files.writing import write_atomically
from ...inference.evaluation_set import build_labelled_test_set
from ...inference.passes.model_logits import measure_model_logits
from ...inference.trained_model import build_predictor
from ...progress import track
from ...visualization.comparison import ExtraFigure
from ...visualization.paper_figures import ModelLogits, draw_logits
from ...visualization.paper_figures.page import WIDTHS
from ..demo_run import DemoRun, say

TITLE = 'Logits of an over- and an under-predicted class'
TEXT = (
    'The class that {name} predicts too often and the one that it predicts '
    'too rarely, by the largest bias of each kind. Colour: the logit of the '
    'class on its own pixels of the test set; grey: on those of the others; '
    'lines: the mixtures fitted to both, and the anchors, which are fitted to '
    'the logits of all classes together: balanced classes look like these.'
)


def draw_figures(runs: Sequence[DemoRun]) -> list[ExtraFigure]:
    """Logits of the classes that the first run is most biased to.

    Args:
        runs: Finished runs, the baseline first.

    Returns:
        The figure, drawn where it is not there yet.
    """
    # of these very runs: the folders' names hold fingerprints
    file = runs[0].folder / 'figures' / f'{runs[-1].folder.name}.png'
    if not file.is_file():
        say('logits of the test images, for a figure of the report ...')
        models = _measure_all(runs)
        drawn = draw_logits(models, count=1, width=WIDTHS['text'])
        write_atomically(file, drawn.png)
    text = TEXT.format(name=runs[0].name)
    return [ExtraFigure(TITLE, text, file.read_bytes())]


def _measure_all(runs: Sequence[DemoRun]) -> list[ModelLogits]:
    """Measure side by side, with the threads of one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(max(threads // len(runs), 1))
    try:
        with ThreadPoolExecutor(len(runs)) as pool:
            return list(pool.map(measure, runs))
    finally:
        torch.set_num_threads(threads)


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
    return measure_model_logits(
        model, dataset, run.name, num_workers=0, track=track
    )
