"""What the README and the pages name is there."""

import pkgutil
import re

import pytest
from helpers import doc_pages as pages
from helpers.doc_pages import ROOT
from mmengine.registry import DefaultScope
from mmengine.registry import root as registries
from mmseg import registry

# what the programs of the pages register
EXAMPLES = (ROOT / 'docs/examples').glob('*.py')
OWN = {
    name
    for file in EXAMPLES
    for name in re.findall(r'^class (\w+)', file.read_text(), re.MULTILINE)
}
# by a build of the wheel, and of the pages
MADE = {'mmseg_balance/.mim', 'docs/_build/html'}


def is_registered(kind: str) -> bool:
    """Whether any registry knows a type."""
    with DefaultScope.overwrite_default_scope('mmseg'):
        return any(
            known.get(kind)
            for module in (registry, registries)
            for known in vars(module).values()
            if isinstance(known, registries.Registry)
        )


@pytest.mark.parametrize('page', pages.PAGES, ids=lambda page: page.name)
def test_names(page):
    """Files, modules, functions and registered types."""
    text = page.read_text()
    files = r'`((?:configs|tools|docs|tests|mmseg_balance)/[\w./+-]+)`'
    for path in {*re.findall(files, text)} - MADE:
        assert (ROOT / path).exists(), path
    for pattern in re.findall(r'`(configs/[^`]*\*[^`]*)`', text):
        several = re.match(r'(.*)\{(.*)\}(.*)', pattern)
        for part in several[2].split(',') if several else ('',):
            glob = several[1] + part + several[3] if several else pattern
            assert any(ROOT.glob(glob)), glob
    for name in re.findall(r'`(mmseg_balance(?:\.\w+)+)`', text):
        assert pkgutil.resolve_name(name), name
    for kind in {*re.findall(r"\btype='(\w+)'", text)} - OWN:
        assert is_registered(kind), kind
