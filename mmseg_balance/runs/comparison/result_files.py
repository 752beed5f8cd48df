"""Results in files of their own, as scripts of tools/benchmarks leave them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ...errors import UserValueError
from .evaluations import UnusableScores, is_scores, read_evaluation
from .result import Result, has_scores, numbers_of

SEEDED = re.compile(r'(.+?)_seed(\d+)')
PARTS = ('student', 'teacher')


def read_result_file(file: Path) -> list[Result]:
    """Results of a JSON file.

    Args:
        file: Scores of a test; or of ``method_table.py`` ('student' and
            'teacher'), or by tau of post-hoc balancing ('tau').

    Returns:
        The results.

    Raises:
        ValueError: It has none, or names another seed than it has.
    """
    if is_scores(file):
        try:
            return [read_evaluation(file)]
        except UnusableScores as error:
            raise UserValueError(str(error)) from error
    try:
        content = json.loads(file.read_text())
        found = _parts(content)
    except (AttributeError, ValueError):  # no JSON, or of something else
        found = {}
    if not found:
        raise UserValueError(
            f'{file} has no scores: expected a work folder, scores of '
            "mmseg-balance test, or a file with 'student' and 'teacher' or "
            "with 'tau'"
        )
    named = SEEDED.fullmatch(file.stem)
    name, seed = (named[1], int(named[2])) if named else (file.stem, None)
    settings = content.get('settings')
    settings = settings if isinstance(settings, dict) else {}
    noted, cfg = settings.get('seed'), settings.get('cfg')
    if None not in (noted, seed) and noted != seed:
        raise UserValueError(
            f'{file} has scores of seed {noted!r}, and its name says {seed}: '
            'rename it, or give the file of that seed'
        )
    return [
        Result(
            file,
            name,
            scores,
            seed if noted is None else noted,
            part=part,
            variant=variant,
            settings=Config(cfg) if isinstance(cfg, dict) else None,
        )
        for (part, variant), scores in found.items()
    ]


def _parts(
    content: Mapping[str, Any],
) -> dict[tuple[str, str], dict[str, float]]:
    """Scores by part and variant."""
    found = {
        (part, ''): numbers_of(content[part])
        for part in PARTS
        if isinstance(content.get(part), dict)
    }
    if isinstance(content.get('tau'), dict):
        part = str(content.get('part') or '')
        found |= {
            (part, f'tau {float(tau):g}'): numbers_of(scores)
            for tau, scores in content['tau'].items()
            if isinstance(scores, dict)
        }
    if not found:
        found = {('', ''): numbers_of(content)}
    return {key: scores for key, scores in found.items() if has_scores(scores)}
