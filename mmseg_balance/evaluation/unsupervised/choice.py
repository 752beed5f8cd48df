"""The tau that a criterion chooses, and the table of all criteria."""

from collections.abc import Mapping, Sequence
from typing import Any

from prettytable import PrettyTable

from ...errors import UserValueError
from .criteria import CRITERIA


def check_choice(name: str, taus: Sequence[float]) -> None:
    """Refuse a criterion that cannot choose, before a pass.

    Args:
        name: The criterion.
        taus: What it would choose from.

    Raises:
        ValueError: There is no such criterion, it chooses tau = 0 whatever
            the model, or there is one tau.
    """
    able = [key for key, of in CRITERIA.items() if of.chooses]
    if name not in able:
        reason = ''
        if name in CRITERIA:
            reason = (
                f'; {name} is compared with tau = 0, which it would always '
                'choose'
            )
        raise UserValueError(
            f'Expected a criterion of {", ".join(able)}, but got '
            f'{name!r}{reason}'
        )
    if len(taus) < 2:
        raise UserValueError(
            f'{name} has nothing to choose from: the one tau is '
            f'{taus[0]:g}; name several with --taus'
        )


def choose_tau(rows: Sequence[Mapping[str, Any]], name: str) -> float:
    """The tau of the best value of a criterion.

    Args:
        rows: For each tau 'tau' and the criteria, of
            ``TauCriteria.measured``.
        name: The criterion.

    Returns:
        The tau.

    Raises:
        ValueError: See :func:`check_choice`; the criterion was not measured,
            is no number at a tau, or is the best at several.
    """
    check_choice(name, [row['tau'] for row in rows])
    if any(name not in row for row in rows):
        raise UserValueError(
            f'{name} was not measured: sweep with --criteria {name}'
        )
    missing = [f'{row["tau"]:g}' for row in rows if row[name] is None]
    if missing:
        raise UserValueError(
            f'{name} is no number at tau {", ".join(missing)}: look at the '
            'logits of the model, or choose by another criterion'
        )
    pick = max if CRITERIA[name].more_is_better else min
    best = pick(row[name] for row in rows)
    found = [row['tau'] for row in rows if row[name] == best]
    if len(found) > 1:
        shown = ', '.join(f'{tau:g}' for tau in found)
        raise UserValueError(
            f'{name} does not tell tau {shown} apart: it is {best:g} at each. '
            'Choose by another criterion, or leave some of them out of --taus'
        )
    return float(found[0])


def criteria_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Table of the criteria, what each would choose with a star.

    Args:
        rows: Of ``TauCriteria.measured``, with one criterion at least.

    Returns:
        The table, and what its columns are.
    """
    names = [name for name in CRITERIA if name in rows[0]]
    table = PrettyTable(['tau', *(CRITERIA[n].heading for n in names)])
    table.align = 'r'
    chosen = {name: _chosen(rows, name) for name in names}
    for row in rows:
        cells = [
            _cell(row[name], CRITERIA[name].digits)
            + ('*' if row['tau'] == chosen[name] else ' ')
            for name in names
        ]
        table.add_row([f'{row["tau"]:g}', *cells])
    lines = [table.get_string(), '* what the criterion would choose.']
    for name in names:
        of = CRITERIA[name]
        better = 'larger' if of.more_is_better else 'smaller'
        known = f'{better} is better' if of.chooses else 'chooses nothing'
        lines.append(f'{of.heading} ({name}): {of.meaning}; {known}.')
    taus = [row['tau'] for row in rows]
    at_end = [CRITERIA[n].heading for n in names if chosen[n] == taus[-1]]
    if at_end:
        lines.append(
            f'{", ".join(at_end)}: best at the end of the grid, may be better '
            'beyond it.'
        )
    return '\n'.join(lines)


def _chosen(rows: Sequence[Mapping[str, Any]], name: str) -> float | None:
    try:
        return choose_tau(rows, name)
    except UserValueError:
        return None


def _cell(value: float | None, digits: int) -> str:
    return '-' if value is None else f'{value:.{digits}f}'
