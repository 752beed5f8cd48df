"""A built model beside the hyper-parameters that are published of its row."""

import pytest
from helpers.recipe_settings import settings_of
from helpers.recipe_table import published

from mmseg_balance.evaluation.published.rows import ROWS

BY_CONFIG = {
    row.config: row.name
    for row in ROWS
    # as other configs of these methods, which are in no table, either
    if not row.name.endswith(('edaps-source-only', 'edaps-oracle'))
}
# methods that the tables have no row of
BY_CONFIG |= {
    f'configs/{method}/{method}{variant}_r101_120k_{source}2cityscapes-'
    '512x512.py': f'{source}/{method}{variant}'
    for source in ('gta', 'synthia')
    for method, variant in (
        *(('minent', ''), ('maxsquare', '')),
        ('maxsquare', '_iw'),
    )
}


def recipe_differences(file, cfg, model):
    """What is not as published; nothing of a config without a row."""
    row = BY_CONFIG.get(file)
    if row is None:
        return []
    expected, found = published(row), settings_of(cfg, model)
    lines = [
        f'{key} is {found[key]!r}, pinned by nothing'
        for key in found.keys() - expected
    ]
    for key, (value, source) in expected.items():
        if key not in found or not same(found[key], value):
            own = found.get(key, 'missing')
            lines.append(f'{key} is {own!r}, published is {value!r}: {source}')
    return [f'{row}: {line}' for line in sorted(lines)]


def same(own, value):
    """Whether two values are the same number, or the same numbers."""
    if isinstance(own, (list, tuple)) and isinstance(value, tuple):
        return list(own) == list(value)
    if isinstance(value, float) and isinstance(own, (int, float)):
        return own == pytest.approx(value, rel=1e-6)
    return own == value and isinstance(own, bool) == isinstance(value, bool)
