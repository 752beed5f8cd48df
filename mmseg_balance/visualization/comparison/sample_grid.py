"""Images with labels, predictions, and where these differ."""

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

import numpy as np

from ...errors import UserValueError
from ..panoptic.panel import segment_panel
from ..samples import Sample
from .agreement import CASES, DIFFERENT, RIGHT, UNLABELLED, agreement, errors
from .baseline import baseline_of
from .content import Content
from .drawing.legend import colour_legend
from .drawing.markup import scrolling, tag
from .drawing.pictures import MAX_WIDTH, captioned, label_uri, photo_uri
from .section import Section

CASE_COLOURS = [colour for _, colour in CASES]
BLACK = (0, 0, 0)
# so that names of things can be read
SEGMENTS_WIDTH = 640


def sample_section(content: Content) -> Section | None:
    """Pictures of each sample; None where there is none.

    Raises:
        ValueError: A prediction is not of the size of its label; names the
            sample and the method.
    """
    samples = content.samples
    if not samples:
        return None
    runs = list(dict.fromkeys(run for s in samples for run in s.predictions))
    # in the order of the other sections, but what is compared with first
    place = {method.name: i for i, method in enumerate(content.methods)}
    place[baseline_of(content)] = -1
    runs.sort(key=lambda run: place.get(run, len(place)))
    for sample in samples:
        _check(sample)
    text = 'Click a picture to enlarge it; arrow keys then go to the next.'
    if len(runs) == 2:
        text += ' The last picture of a row says where the two differ.'
    elif len(runs) > 2:
        text += f' Below each method: where it differs from {runs[0]}.'
    return Section(
        'samples',
        'Samples',
        text,
        [
            *_legends(content, runs),
            *(
                _row(sample, runs, content, f'sample {i}')
                for i, sample in enumerate(samples)
            ),
        ],
    )


def _check(sample: Sample) -> None:
    for run, prediction in sample.predictions.items():
        if prediction.shape != sample.label.shape:
            raise UserValueError(
                f'sample {sample.name!r}: Expected the prediction of {run!r} '
                f'to be of the size of the label, {sample.label.shape}, but '
                f'got {prediction.shape}'
            )


def _row(
    sample: Sample, runs: Sequence[str], content: Content, group: str
) -> Element:
    """Image, label and predictions; the comparisons behind or below."""
    palette = content.palette

    def painted(
        labels: np.ndarray, segments: np.ndarray | None, name: str
    ) -> Element:
        if segments is None:
            return captioned(label_uri(labels, palette), name, group, True)
        width = min(max(segments.shape[1], SEGMENTS_WIDTH), MAX_WIDTH)
        panel = segment_panel(segments, palette, content.classes, width)
        return captioned(photo_uri(panel), name, group)

    there = [run for run in runs if run in sample.predictions]
    pictures = [
        captioned(photo_uri(sample.image), sample.name, group),
        painted(sample.label, sample.label_segments, 'label'),
        *(
            painted(sample.predictions[run], sample.segments.get(run), run)
            for run in there
        ),
    ]
    for name, cases in _comparisons(sample, there, len(palette)):
        pictures.append(
            captioned(label_uri(cases, CASE_COLOURS), name, group, True)
        )
    if len(there) > 2:
        # comparisons under their methods: image, label and the first method
        # have none
        pictures.insert(2 + len(there), tag('span', class_='blank'))
    num_columns = 5 if len(there) == 2 else 2 + max(len(there), 1)
    if len(there) == 1:
        num_columns = 4
    return scrolling(
        tag(
            'div',
            *pictures,
            class_='samples',
            style=f'--columns:{num_columns}',
        ),
        sample.name,
    )


def _comparisons(
    sample: Sample, runs: Sequence[str], num_classes: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Names and maps of cases."""
    if len(runs) == 1:
        prediction = sample.predictions[runs[0]]
        yield 'errors', errors(sample.label, prediction, num_classes)
        return
    for run in runs[1:]:
        name = (
            'where they differ'
            if len(runs) == 2
            else f'{run} against {runs[0]}'
        )
        yield (
            name,
            agreement(
                sample.label,
                sample.predictions[runs[0]],
                sample.predictions[run],
                num_classes,
            ),
        )


def _legends(content: Content, runs: Sequence[str]) -> list[Element]:
    found = [_class_legend(content)]
    return [*found, _case_legend(runs)] if runs else found


def _class_legend(content: Content) -> Element:
    """Classes that occur in a label or a prediction."""
    num = len(content.classes)
    found: set[int] = set()
    for sample in content.samples:
        for labels in (sample.label, *sample.predictions.values()):
            found.update(np.unique(labels).tolist())
    entries = [
        (content.palette[i], content.classes[i])
        for i in sorted(found)
        if 0 <= i < num
    ]
    if any(not 0 <= i < num for i in found):
        entries.append((BLACK, 'unlabelled'))
    return colour_legend(entries)


def _case_legend(runs: Sequence[str]) -> Element:
    """What the colours of the comparisons mean."""
    if len(runs) == 1:
        names = {RIGHT: 'right', DIFFERENT: 'wrong', UNLABELLED: 'unlabelled'}
        return colour_legend([(CASES[i][1], n) for i, n in names.items()])
    first, second = runs[0], runs[1] if len(runs) == 2 else 'the other'
    return colour_legend(
        [
            (
                colour,
                # names may have braces of their own
                text.replace('{first}', first).replace('{second}', second),
            )
            for text, colour in CASES
        ]
    )
