"""Class-balanced domain adaptation for semantic segmentation.

Importing the package registers its data sets, models, losses, hooks and
metrics with MMSegmentation, so a config only needs
``custom_imports = dict(imports=['mmseg_balance'])``.

A process that has loaded neither PyTorch nor OpenMMLab yet registers when it
begins to. But ``mmseg_balance.logits`` needs PyTorch alone, also where
MMSegmentation is not installed or of another version, and the command line
answers at once.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FrameType, ModuleType

from . import moved
from .version import __version__

# torch, as torch.load reads checkpoints only with what is registered
UPSTREAM = ('torch', 'mmengine', 'mmcv', 'mmseg')
# in the order in which they are built on each other
REGISTERED = ('datasets', 'models', 'evaluation', 'visualization', 'engine')
WITHOUT_UPSTREAM = (
    '__main__',
    'cli',
    'errors',
    'files',
    'logits',
    'moved',
    'progress',
    'version',
)
ALONE = ('__main__', 'cli', 'logits')
# what configs there are is listed at once, too
LIBRARY = ('configuration', 'configuration.library')
# and a training is watched on a login node
WATCHING = 'runs.watching'

__all__ = ['__version__', *REGISTERED, 'inference', 'logits', 'register']


def register() -> None:
    """Register everything with MMSegmentation, work-arounds first.

    Raises:
        ImportError: An upstream package is missing, or of a version that
            this one was not written for; with the command that helps.
    """
    from . import compat

    compat.apply()
    for part in REGISTERED:
        import_module(f'{__name__}.{part}')
    from .configuration.package_names import teach_package_names

    teach_package_names()


def __getattr__(name: str) -> ModuleType:
    if name in __all__ or name == 'compat':
        return import_module(f'{__name__}.{name}')
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


class _RegisterFirst(MetaPathFinder):
    """Registers before the first module that needs it is loaded.

    The work-arounds have to come before mmseg; and a part of this package
    must not be half imported when all of them are.
    """

    def __init__(self) -> None:
        self.waits_for = set(UPSTREAM)
        # logits alone were asked for, which any OpenMMLab may lie beside
        self.may_fail = False

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        package, _, rest = fullname.partition('.')
        if package == __name__:
            part = rest.partition('.')[0]
            if (
                part in WITHOUT_UPSTREAM
                or rest in (*LIBRARY, 'runs')
                or f'{rest}.'.startswith(f'{WATCHING}.')
            ):
                # which may load torch for their own use
                self.waits_for -= {'torch'} if part in ALONE else set()
                return None
            self.may_fail = False
        elif package not in self.waits_for or self.elsewhere('mmseg') is None:
            return None
        spec = self.elsewhere(fullname, path, target)
        if spec is not None:
            spec.loader = _LoadedAlready(self)
        return spec

    def register(self) -> None:
        """Register, unless that was done."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
            try:
                register()
            except ImportError:
                if not self.may_fail:
                    raise
                # only a part of this package has to say so
                self.waits_for.clear()
                sys.meta_path.insert(0, self)

    def elsewhere(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """What the other finders say."""
        for finder in sys.meta_path:
            if finder is not self:
                spec = finder.find_spec(fullname, path, target)
                if spec is not None:
                    return spec
        return None


class _LoadedAlready(Loader):
    """Hands out what registering has imported, or imports it then."""

    def __init__(self, finder: _RegisterFirst) -> None:
        self.finder = finder

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        self.finder.register()
        module = import_module(spec.name)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec


def _is_for_logits() -> bool:
    """Whether ``mmseg_balance.logits`` is what is being imported.

    A package is not told which of its parts is asked for; the call of the
    import system that waits for it knows.
    """
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == '_find_and_load':
            name = str(frame.f_locals.get('name'))
            if f'{name}.'.startswith(f'{__name__}.logits.'):
                return True
        frame = frame.f_back
    return False


moved.answer_old_names()
_finder = _RegisterFirst()
sys.meta_path.insert(0, _finder)
_finder.may_fail = _is_for_logits()
_needed = UPSTREAM[1:] if _finder.may_fail else UPSTREAM
if any(m in sys.modules for m in _needed) and _finder.elsewhere('mmseg'):
    _finder.register()
