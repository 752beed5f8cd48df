"""Thin door of pyproject.toml: what a wheel holds beside the package.

As the packages of OpenMMLab do, a wheel has ``configs/``, ``tools/`` and
``model-index.yml`` in ``mmseg_balance/.mim``, where mim, mmengine and
``mmseg_balance.configuration.library`` look for them. An editable install
has none of it: there they are found in the checkout.
"""

import shutil
import tempfile
from pathlib import Path

from setuptools import setup
from setuptools.command.build import build
from setuptools.command.build_py import build_py
from setuptools.command.egg_info import egg_info

ROOT = Path(__file__).resolve().parent
# of each, the kinds of files that belong to it
MIM = {'configs': ('.py', '.yml', '.md'), 'tools': ('.py', '.sh')}
# measure the repository, with what stands in its docs and tests
LEFT_OUT = ('benchmarks', '__pycache__')
# Removed when this process ends. A build in the checkout would meet others
# there, and pack what an earlier one left of files that are gone.
SCRATCH = tempfile.TemporaryDirectory(prefix='mmseg_balance-build-')


def copy_library(folder: Path) -> None:
    """Copy configs, tools and the index of models.

    Args:
        folder: ``.mim`` of the package that is built.
    """
    for name, suffixes in MIM.items():
        for path in sorted((ROOT / name).rglob('*')):
            inner = path.relative_to(ROOT)
            if path.suffix not in suffixes or {*LEFT_OUT} & {*inner.parts}:
                continue
            (folder / inner).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, folder / inner)
    shutil.copy2(ROOT / 'model-index.yml', folder)


class Build(build):
    """Builds outside of the checkout."""

    def initialize_options(self) -> None:
        """Build in a folder of this process."""
        super().initialize_options()
        self.build_base = SCRATCH.name


class BuildPackage(build_py):
    """Adds ``.mim`` to what is built."""

    def run(self) -> None:
        """Build the package, and with it ``.mim`` where it is not editable."""
        super().run()
        if not self.editable_mode:
            copy_library(Path(self.build_lib) / 'mmseg_balance' / '.mim')


class Metadata(egg_info):
    """Leaves no ``egg-info`` in the checkout; a source archive needs it."""

    def initialize_options(self) -> None:
        """Write to a folder of this process."""
        super().initialize_options()
        if 'sdist' not in self.distribution.commands:
            self.egg_base = SCRATCH.name


setup(cmdclass=dict(build=Build, build_py=BuildPackage, egg_info=Metadata))
