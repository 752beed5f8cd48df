"""Pictures and reports."""

from .figures import class_bars, colour_labels, to_png
from .report import Sample, score_table, write_report

__all__ = [
    'Sample',
    'class_bars',
    'colour_labels',
    'score_table',
    'to_png',
    'write_report',
]
