"""Rules of counting, which no column of a table mixes."""

from collections.abc import Mapping

from ..video.rules import RULES

# of all pixels, whatever their labels
WITHOUT_RULE = ('aAcc', 'mTC')


def rule_of(scores: Mapping[str, float]) -> str | None:
    """The rule that scores are counted by.

    Args:
        scores: By key.

    Returns:
        A key of ``RULES``; None for metrics with one rule alone.
    """
    return next((rule for rule in RULES if f'mIoU_{rule}' in scores), None)


def with_rule(key: str, rule: str | None) -> str:
    """Key of a score, with its rule.

    Args:
        key: 'mIoU' for one.
        rule: Of :func:`rule_of`.
    """
    return key if rule is None or key in WITHOUT_RULE else f'{key}_{rule}'


def without_rule(key: str) -> str:
    """Key of a score, without its rule.

    Args:
        key: 'mIoU_uvda' for one.
    """
    name, _, rule = key.rpartition('_')
    return name if rule in RULES else key
