"""What ``mmengine.hub.get_model`` asks a package of OpenMMLab's kind for.

Everything of this package is registered in mmseg's registries when it is
imported; what is left to do is to make them the default.
"""

from mmseg.utils import register_all_modules

__all__ = ['register_all_modules']
