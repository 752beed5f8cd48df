"""Operators, as every supported version of PyTorch has to read them."""

import importlib
import pkgutil
from types import GenericAlias

import pytest
import torch
from torch._library import infer_schema as inference

from mmseg_balance.logits import kernels

MODULES = [module.name for module in pkgutil.iter_modules(kernels.__path__)]
OPERATORS = {
    value._name: value
    for name in MODULES
    for value in vars(
        importlib.import_module(f'{kernels.__name__}.{name}')
    ).values()
    if isinstance(value, torch.library.CustomOpDef)
}


@pytest.mark.parametrize('name', OPERATORS)
def test_types_are_those_that_torch_2_6_knows(name, monkeypatch):
    """It reads lists as typing has them, and fails at import of others."""
    known = {
        kind: text
        for kind, text in inference.SUPPORTED_PARAM_TYPES.items()
        if not isinstance(kind, GenericAlias)
    }
    monkeypatch.setattr(inference, 'SUPPORTED_PARAM_TYPES', known)
    operator = OPERATORS[name]
    mutated = [
        argument.name
        for argument in operator._opoverload._schema.arguments
        if argument.is_write
    ]
    schema = torch.library.infer_schema(
        operator._init_fn, mutates_args=mutated
    )
    assert schema in str(operator._opoverload._schema)
