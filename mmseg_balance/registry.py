"""Registries of the scope ``mmseg_balance``, for configs that name it.

All that is registered here is registered in MMSegmentation's registries. But
what a config takes out of ``_base_ = 'mmseg_balance::...'`` (``_base_.model``)
is marked by mmengine with the scope that stands before the colons, and looked
up there: these registries are empty, and hand each name to MMSegmentation's.
mmengine imports this module by its name.
"""

from mmengine.registry import Registry
from mmseg import registry as mmseg_registry

SCOPE = __package__

REGISTRIES = tuple(
    Registry(parent.name, parent=parent, scope=SCOPE)
    for parent in vars(mmseg_registry).values()
    if isinstance(parent, Registry)
)
