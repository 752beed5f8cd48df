"""The demo's runs as the content of a page."""

from collections.abc import Sequence
from dataclasses import replace

from ...errors import UserRuntimeError
from ...visualization.comparison import Content
from ..comparison.compared import ComparedRuns, compare_runs
from ..comparison.page.content import content_of
from ..comparison.page.samples import find_samples
from ..demo_run import DemoRun
from .figures import draw_figures
from .reading import read_off

NUM_SAMPLES = 4
INTRO = (
    'A small network was trained for {length} iterations on drawn streets '
    'with labels, the source, and on streets of another look without, the '
    'target. It is scored on images of the target that are in no training.',
    'DACS learns from its own labels of the target, which favour what is '
    'frequent and easy: that is a bias. BLDA measures it in the logits of '
    'each class, and corrects it while the network is trained; post-hoc does '
    'so to the logits of the finished network, with tau 1 as far as it goes.',
    'mAcc is the share of the pixels of a class that are found, and mIoU '
    'counts what is wrongly taken for it as well: means over the classes, of '
    'which a rare one counts as much as a frequent one.',
)


def demo_content(runs: Sequence[DemoRun]) -> Content:
    """What the demo's page shows.

    Args:
        runs: Finished runs, the baseline first.

    Returns:
        Scores of each test, samples where they differ, figures of the
        logits, what was done, and what the numbers say.
    """
    compared = compare_tests(runs)
    samples, notes = find_samples(
        compared.groups, NUM_SAMPLES, runs[0].data_roots
    )
    content = content_of(compared, notes)
    length = runs[0].cfg.train_cfg.max_iters
    return replace(
        content,
        title=f'Class balance on toy streets, {length} iterations',
        intro=[paragraph.format(length=length) for paragraph in INTRO],
        # one pair each: the scores say the same, and there is no interval
        differences=(),
        samples=samples,
        figures=draw_figures(runs),
        notes=[*read_off(content.methods, content.classes), *content.notes],
    )


def compare_tests(runs: Sequence[DemoRun]) -> ComparedRuns:
    """All tests of the runs, read from their folders.

    Args:
        runs: Finished runs.

    Raises:
        RuntimeError: The scores of a test are not those of its folder.
    """
    tests = {name: test for run in runs for name, test in run.tests.items()}
    compared = compare_runs(list(tests.values()), names=list(tests))
    for group in compared.groups:
        file = group.first.file.resolve()
        if not file.is_relative_to(tests[group.name].resolve()):
            raise UserRuntimeError(
                f'scores of {group.name} were found in {file}, expected them '
                f'in {tests[group.name]}: delete that folder, and call the '
                'demo again'
            )
    return compared
