"""What is noted of a recipe."""

from dataclasses import dataclass

LEVELS = ('published', 'close', 'other')


@dataclass(frozen=True)
class Note:
    """What sets the recipe of some rows apart from the published one.

    Attributes:
        rows: Regular expression of their whole names.
        level: 'published', 'close' (what differs is small, or not said in
            public) or 'other' (settings that matter differ).
        text: What is the same, and what is not.
    """

    rows: str
    level: str
    text: str
