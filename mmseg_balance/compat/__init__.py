"""What is broken in upstream packages, and the only place that knows it."""

from .detection import import_mmdet, refuse_unfit_mmdet
from .versions import (
    SUPPORTED,
    check_versions,
    warn_of_missing_pkg_resources,
    warn_of_overwritten,
)
from .workarounds import (
    WITHOUT_OPS,
    allow_checkpoint_types,
    find_configs_of_fork,
    format_configs_once,
    load_weights_safely,
    stub_compiled_ops,
    swaps_channels,
)

__all__ = [
    'SUPPORTED',
    'WITHOUT_OPS',
    'allow_checkpoint_types',
    'apply',
    'check_versions',
    'find_configs_of_fork',
    'format_configs_once',
    'import_mmdet',
    'load_weights_safely',
    'refuse_unfit_mmdet',
    'stub_compiled_ops',
    'swaps_channels',
    'warn_of_missing_pkg_resources',
    'warn_of_overwritten',
]


def apply() -> None:
    """Check versions and apply every work-around. Idempotent."""
    check_versions()
    refuse_unfit_mmdet()
    warn_of_overwritten()
    warn_of_missing_pkg_resources()
    stub_compiled_ops()
    allow_checkpoint_types()
    load_weights_safely()
    find_configs_of_fork()
    format_configs_once()
