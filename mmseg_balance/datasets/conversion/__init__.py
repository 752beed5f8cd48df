"""Labels of public data sets as train ids."""

from .label_conversion import (
    Conversion,
    convert_file,
    convert_folder,
)

__all__ = [
    'Conversion',
    'convert_file',
    'convert_folder',
]
