"""The method that the others are compared with."""

from .content import Content


def baseline_of(content: Content) -> str:
    """Name of the baseline.

    Args:
        content: The page.

    Returns:
        What all paired differences are from; where that is not one method,
        the first one.
    """
    named = {difference.baseline for difference in content.differences}
    methods = [method.name for method in content.methods]
    if len(named) == 1 and named <= {*methods}:
        return named.pop()
    return methods[0]
