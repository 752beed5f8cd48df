"""The examples in the docstrings, and that public names have some."""

import doctest
import importlib
import pkgutil

import pytest

from mmseg_balance import logits


def public(package, name):
    """What a package offers; an old module of that name may lie over it."""
    value = getattr(package, name)
    return getattr(value, name, value)


FOUND = [*pkgutil.walk_packages(logits.__path__, f'{logits.__name__}.')]


@pytest.mark.parametrize('name', [found.name for found in FOUND])
def test_examples_print_what_they_say(name):
    if '.programs.' in name:
        pytest.importorskip('triton')
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


@pytest.mark.parametrize('name', logits.__all__)
def test_what_is_public_has_an_example(name):
    if name == 'load_statistics':
        name = 'save_statistics'  # one example of both
    owner = importlib.import_module(public(logits, name).__module__)
    tests = doctest.DocTestFinder().find(owner)
    assert any(t.examples for t in tests if t.name.endswith(f'.{name}'))


@pytest.mark.parametrize(
    'name', [logits.__name__, *(found.name for found in FOUND if found.ispkg)]
)
def test_folders_name_what_is_public(name):
    package = importlib.import_module(name)
    if name.endswith('.programs'):  # offers modules, where Triton is
        return
    assert package.__all__ and package.__doc__
    for offered in package.__all__:
        value = public(package, offered)
        if callable(value):
            first = value.__doc__.splitlines()[0]
            assert first.endswith('.') and len(first) > 20, offered
