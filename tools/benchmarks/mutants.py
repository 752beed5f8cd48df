"""Mutants of a module: its source with one small fault each.

The operators are those of mutmut 3 (comparisons, arithmetic, numbers,
constants, arguments dropped or None, branches, ...), but for two things. Prose
is left alone: whether a message says "Expected" or "XXExpectedXX" breaks
nobody's numbers. And functions below a decorator are mutated too: mutmut
itself leaves them out, and most of the maths here stands below
``@torch.no_grad()``.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import file_mutation, mutators
from mutmut.mutation.pragma_handling import IgnoredCode

SHOWN = 90  # characters of a line in a report


@dataclass(frozen=True)
class Mutant:
    """A module with one fault.

    Attributes:
        module: File, relative to the root.
        function: Where the fault is, with its class.
        first: First line of that function, its body included.
        last: Last line of it.
        line: Line of the fault.
        end: Last line of what was changed.
        before: That line as it stands.
        after: And with the fault.
        source: Source of the whole module with the fault.
    """

    module: str
    function: str
    first: int
    last: int
    line: int
    end: int
    before: str
    after: str
    source: str

    @property
    def key(self) -> str:
        """Tells it from all others, also of other versions of the module."""
        digest = hashlib.sha256(self.source.encode()).hexdigest()
        return f'{self.module}:{digest[:16]}'


def operator_word(node: cst.BaseString) -> Iterable[cst.BaseString]:
    """Change a key, a mode or a name, and no prose."""
    if ' ' not in getattr(node, 'value', ' '):
        yield from list(mutators.operator_string(node))[:1]


OPERATORS = [
    (kind, operator_word if operator is mutators.operator_string else operator)
    for kind, operator in mutators.mutation_operators
]


class _Visitor(file_mutation.MutationVisitor):
    """Collects mutations with their places, below decorators too."""

    def __init__(self) -> None:
        nothing = IgnoredCode(set(), set(), set())
        super().__init__(OPERATORS, nothing)
        self.places: list[tuple[int, int, str, int, int]] = []
        self.in_function: list[bool] = []
        self._functions: list[tuple[str, int, int]] = []
        self._kinds: list[type] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            span = self.get_metadata(PositionProvider, node)
            self._functions.append(
                (node.name.value, span.start.line, span.end.line)
            )
            self._kinds.append(type(node))
        return super().on_visit(node)

    def on_leave(self, node: cst.CSTNode) -> None:
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self._functions.pop()
            self._kinds.pop()
        super().on_leave(node)

    def _create_mutations(self, node: cst.CSTNode) -> None:
        count = len(self.mutations)
        super()._create_mutations(node)
        if len(self.mutations) == count:
            return
        span = self.get_metadata(PositionProvider, node)
        name = '.'.join(f[0] for f in self._functions)
        first, last = self._functions[-1][1:] if self._functions else (0, 0)
        place = (span.start.line, span.end.line, name, first, last)
        added = len(self.mutations) - count
        self.places += [place] * added
        inside = self._kinds[-1:] == [cst.FunctionDef]
        self.in_function += [inside] * added

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef):
            return node.name.value in file_mutation.NEVER_MUTATE_FUNCTION_NAMES
        return super()._skip_node_and_children(node)


def numbered_mutants(file: Path) -> list[tuple[int, bool]]:
    """Numbers of the mutants of a module, and which can be put in.

    Returns:
        For each mutant of a function or a class its number, and whether the
        fault is in a function: what a class is built with, the default of a
        field of a dataclass for one, cannot be changed afterwards.
    """
    visitor = _visit(file)[1]
    return [
        (number, visitor.in_function[number])
        for number, mutation in enumerate(visitor.mutations)
        if mutation.contained_by_top_level_function is not None
    ]


def make_mutants(
    file: Path, root: Path, chosen: Iterable[int]
) -> Iterator[Mutant]:
    """Make some mutants of a module.

    Args:
        file: Python file.
        root: Folder that its name in reports is relative to.
        chosen: Their numbers, of :func:`numbered_mutants`.

    Yields:
        The mutants.
    """
    module, visitor = _visit(file)
    original = module.code.splitlines()
    for index in chosen:
        mutation = visitor.mutations[index]
        line, end, function, first, last = visitor.places[index]
        changed = file_mutation.deep_replace(
            module, mutation.original_node, mutation.mutated_node
        )
        source = changed.code
        before, after = _first_difference(original, source.splitlines())
        yield Mutant(
            str(file.relative_to(root)),
            function,
            first,
            last,
            line,
            end,
            before,
            after,
            source,
        )


def _visit(file: Path) -> tuple[cst.Module, _Visitor]:
    wrapper = MetadataWrapper(cst.parse_module(file.read_text()))
    visitor = _Visitor()
    return wrapper.visit(visitor), visitor


def _first_difference(a: list[str], b: list[str]) -> tuple[str, str]:
    for x, y in zip(a, b, strict=False):
        if x != y:
            return x.strip()[:SHOWN], y.strip()[:SHOWN]
    return '', ''
