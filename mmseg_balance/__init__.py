"""Class-balanced domain adaptation for semantic segmentation.

Importing the package registers its data sets, models, losses, hooks and
metrics with MMSegmentation, so a config only needs
``custom_imports = dict(imports=['mmseg_balance'])``.
"""

from . import compat
from .version import __version__

compat.apply()

from . import (  # noqa: E402  (the work-arounds must come before mmseg)
    datasets,
    engine,
    evaluation,
    models,
    visualization,
)
from .configuration.package_names import (  # noqa: E402
    teach_package_names,
)

teach_package_names()

__all__ = [
    '__version__',
    'datasets',
    'engine',
    'evaluation',
    'models',
    'visualization',
]
