"""Pictures and reports."""

from .classification import ClassLocalVisualizer
from .comparison.report import score_table, write_report
from .figures import class_bars, colour_labels, to_png
from .panoptic import PanopticLocalVisualizer
from .samples import Sample, read_samples

__all__ = [
    'ClassLocalVisualizer',
    'PanopticLocalVisualizer',
    'Sample',
    'class_bars',
    'colour_labels',
    'read_samples',
    'score_table',
    'to_png',
    'write_report',
]
