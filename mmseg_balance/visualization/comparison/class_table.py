"""IoU, accuracy, bias and panoptic quality of each class as tables."""

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element

from .baseline import baseline_of
from .content import ComparedMethod, Content
from .drawing.colours import difference_colour, ink_on
from .drawing.legend import swatch
from .drawing.markup import tag
from .drawing.numbers import PLUS_MINUS, known, plain, signed
from .drawing.table import Column, cell, table
from .section import Section

KINDS = {
    'IoU': 'intersection over union, percent',
    'Acc': 'accuracy (recall), percent',
    'Bias': 'mean over true classes of the share taken for it, less 1/C, '
    'points',
    'PQ': 'panoptic quality: SQ times RQ, percent',
    'SQ': 'mean IoU of the segments that were found, percent',
    'RQ': 'F1 score of finding segments, percent',
}
HEADS = {
    'IoU': 'IoU, %',
    'Acc': 'Acc, %',
    'Bias': 'Bias, points',
    'PQ': 'PQ, %',
    'SQ': 'SQ, %',
    'RQ': 'RQ, %',
}
# of segments, which have a table of their own
OF_SEGMENTS = ('PQ', 'SQ', 'RQ')
_Kinds = Mapping[str, Sequence[ComparedMethod]]
# of methods that fit side by side with all three kinds
MOST_IN_ONE = 2
# of methods that get a column for their difference from the baseline
MOST_WITH_DIFFERENCES = 4


def class_table_section(content: Content) -> Section | None:
    """Tables of the classes; None where no method has their scores."""
    methods = {
        kind: [m for m in content.methods if _has(m, kind, content.classes)]
        for kind in KINDS
    }
    methods = {kind: of_kind for kind, of_kind in methods.items() if of_kind}
    if not methods:
        return None
    num = max(map(len, methods.values()))
    parts = (
        _of_pixels_and_segments(methods)
        if num <= MOST_IN_ONE
        else [{kind: of_kind} for kind, of_kind in methods.items()]
    )
    text = 'Click a heading to sort by it.'
    if num > 1:
        first = _baseline(content, next(iter(methods.values()))).name
        where = (
            'Coloured: the difference'
            if num <= MOST_WITH_DIFFERENCES
            else 'The colour of a score is its difference'
        )
        text += f' {where} from {first}: blue is more, orange is less.'
    return Section(
        'classes',
        'Each class',
        text,
        [_table(content, part) for part in parts],
    )


def _of_pixels_and_segments(methods: _Kinds) -> list[_Kinds]:
    """Kinds of scores by what they are of, those that there are."""
    segments = {k: m for k, m in methods.items() if k in OF_SEGMENTS}
    pixels = {k: m for k, m in methods.items() if k not in OF_SEGMENTS}
    return [part for part in (pixels, segments) if part]


def _has(method: ComparedMethod, kind: str, classes: Sequence[str]) -> bool:
    return any(
        known(method.scores, f'{kind}.{name}') is not None for name in classes
    )


def _table(
    content: Content, methods: Mapping[str, Sequence[ComparedMethod]]
) -> Element:
    """A table of some kinds of scores, with the methods that have them."""
    groups = [
        _Group(kind, of_kind, content.classes, _baseline(content, of_kind))
        for kind, of_kind in methods.items()
    ]
    columns = [Column('Class', words=True)]
    for group in groups:
        columns += group.columns()
    rows = [
        [
            cell(swatch(rgb), name, value=name, heading=True),
            *(made for group in groups for made in group.cells(name)),
        ]
        for name, rgb in zip(content.classes, content.palette, strict=True)
    ]
    made = table(f'{", ".join(methods)} of each class', columns, rows)
    made.set('class', f'{made.get("class")} small')
    return made


class _Group:
    """Columns of one kind of score.

    Up to four methods get columns for the differences from the baseline; of
    more the scores have the colour of their differences.
    """

    def __init__(
        self,
        kind: str,
        methods: Sequence[ComparedMethod],
        classes: Sequence[str],
        baseline: ComparedMethod,
    ) -> None:
        self.kind, self.methods, self.baseline = kind, methods, baseline
        self.others = [m for m in methods if m is not baseline]
        self.apart = len(methods) <= MOST_WITH_DIFFERENCES
        changes = [
            self._change(method, f'{kind}.{name}')
            for method in self.others
            for name in classes
        ]
        # has the full colour
        self.most = max((abs(c) for c in changes if c is not None), default=0)

    def columns(self) -> list[Column]:
        head, what = HEADS[self.kind], f'{self.kind}: {KINDS[self.kind]}'
        made = [Column(method.name, what, head) for method in self.methods]
        if not self.apart:
            return made
        first = self.baseline.name
        short = len(self.methods) == 2
        return made + [
            Column(
                'difference' if short else f'\u0394 {method.name}',
                f'{self.kind} of {method.name} less {first}, points',
                head,
            )
            for method in self.others
        ]

    def cells(self, name: str) -> list[Element]:
        key = f'{self.kind}.{name}'
        if not self.apart:
            return [
                _score(
                    method,
                    key,
                    None
                    if method is self.baseline
                    else _style(self._change(method, key), self.most),
                    short=True,
                )
                for method in self.methods
            ]
        changes = [self._change(method, key) for method in self.others]
        return [_score(method, key) for method in self.methods] + [
            cell(signed(change), value=change, style=_style(change, self.most))
            for change in changes
        ]

    def _change(self, method: ComparedMethod, key: str) -> float | None:
        """A score less that of the baseline."""
        before = known(self.baseline.scores, key)
        after = known(method.scores, key)
        return None if before is None or after is None else after - before


def _baseline(
    content: Content, methods: Sequence[ComparedMethod]
) -> ComparedMethod:
    """The baseline, or the first method that there is."""
    name = baseline_of(content)
    return next((m for m in methods if m.name == name), methods[0])


def _score(
    method: ComparedMethod,
    key: str,
    style: str | None = None,
    short: bool = False,
) -> Element:
    """A score; ``short`` has the spread only when a mouse rests on it."""
    value, std = known(method.scores, key), known(method.stds, key)
    write = signed if key.startswith('Bias') else plain
    spread = f' {PLUS_MINUS} {plain(std)}'
    there = std is not None and value is not None
    return cell(
        write(value),
        tag('span', spread, class_='std') if there and not short else None,
        value=value,
        style=style,
        title=write(value) + spread if there and short else None,
    )


def _style(change: float | None, most: float) -> str | None:
    if change is None:
        return None
    colour = difference_colour(change, most)
    return f'background:{colour};color:{ink_on(colour)}'
