"""Scores as text."""

from collections.abc import Mapping, Sequence

from prettytable import PrettyTable
from torch import Tensor


def class_table(classes: Sequence[str], columns: Mapping[str, Tensor]) -> str:
    """Table with a row for each class.

    Args:
        classes: Names of the classes.
        columns: Values of each class (C,) for the heading of each column;
            NaN is shown as a dash, and 'Bias' with its sign. Integers are
            shown as they are.

    Returns:
        The table.
    """
    table = PrettyTable()
    table.add_column('Class', list(classes))
    for name, values in columns.items():
        form = '+.2f' if name == 'Bias' else '.2f'
        form = form if values.is_floating_point() else 'd'
        table.add_column(
            name,
            ['-' if v != v else format(v, form) for v in values.tolist()],
        )
    return table.get_string()


def summary_table(summaries: Mapping[str, Mapping[str, float]]) -> str:
    """Table with a row for each group of classes.

    Args:
        summaries: Scores over each group, at least one of them not empty;
            those without scores get no row.

    Returns:
        The table.
    """
    columns = list(next(filter(None, summaries.values())))
    table = PrettyTable(['Classes', *columns])
    for name, summary in summaries.items():
        if summary:
            table.add_row([name, *(f'{summary[c]:.2f}' for c in columns)])
    return table.get_string()
