"""Runs of the pairs of real domains, for pair_report.py, each checked."""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from method_rows import GROUPS, Group
from method_runs import CHANGED, CPU, experiment

from mmseg_balance.errors import UserValueError
from mmseg_balance.evaluation.comparison.runs import ScoredRun
from mmseg_balance.runs.records.settings import changed_settings

KINDS = ('', '-more', '-variants', '-ablation')
PARTS = ('student', 'teacher')
SCORES = ('mIoU', 'mAcc', 'Acc_std', 'IoU_std')
POST_HOC = {0.5: ' + post-hoc, tau 0.5', 1.0: ' + post-hoc, tau 1'}
# a class that both domains label, and draw differently: a score without it
DIFFERENT = {'camvid2iddlite': 'roadside objects'}
MAKE_IT = 'make it with tools/benchmarks/method_table.py'
# by name of the row and part: its seeds
Runs = dict[tuple[str, str], list[ScoredRun]]


def read_pair(name: str, folder: Path) -> tuple[Runs, dict[str, Path]]:
    """Runs of a pair, and the states of the package that they are of.

    Files that are no seed of a row are left out, and named on stderr.

    Args:
        name: Its group of ``method_table.py``.
        folder: Of the JSONs of all pairs.

    Returns:
        The runs, in the order of the tables; and a file of each state.

    Raises:
        ValueError: A file is none of ``method_table.py``, or of another
            seed or of other settings than its name says.
    """
    found: Runs = {}
    states: dict[str, Path] = {}
    own = folder / Path(GROUPS[name].folder).name
    others = set(own.glob('*.json'))
    for method, group in rows_of(name).items():
        files = seeds_of(own, method)
        others -= {*files.values()}
        contents = {seed: read(file) for seed, file in files.items()}
        check_records(method, group, files, contents)
        for seed, content in contents.items():
            states.setdefault(state_of(content), files[seed])
            for (label, part), values in scores_of(
                method, group, content, files[seed]
            ).items():
                values = dict(values)
                if name in DIFFERENT:
                    values |= without(values, DIFFERENT[name])
                found.setdefault((label, part), []).append(
                    ScoredRun(label, seed, values, origin=str(files[seed]))
                )
    for file in sorted(others):
        print(f'warning: {file} is no seed of a row', file=sys.stderr)
    return found, states


def rows_of(name: str) -> dict[str, Group]:
    """Methods of all tables of a pair, and the first group that has each."""
    groups = [GROUPS[key] for kind in KINDS if (key := name + kind) in GROUPS]
    found: dict[str, Group] = {}
    for group in groups:
        for method in group.rows:
            found.setdefault(method, group)
    return found


def seeds_of(folder: Path, method: str) -> dict[int, Path]:
    """Files of a method by seed, ascending."""
    pattern = re.compile(re.escape(method) + r'_seed(0|[1-9][0-9]*)')
    found = {
        int(match[1]): file
        for file in folder.glob('*.json')
        if (match := pattern.fullmatch(file.stem))
    }
    return dict(sorted(found.items()))


def read(file: Path) -> dict[str, Any]:
    """Content of a result.

    Raises:
        ValueError: It is none of ``method_table.py``, or the sources changed
            while it ran.
    """
    try:
        content = json.loads(file.read_text())
        for part in PARTS:
            missing = {*SCORES} - content[part].keys()
            if missing:
                raise KeyError(f'{part}.{min(missing)}')
        mark = [content[key] for key in ('fingerprint', 'sources')][0]
        content['settings']['cfg'], content['settings']['seed']
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserValueError(
            f'{file} is no result of a row ({type(error).__name__}: {error}): '
            f'move it away, or {MAKE_IT}'
        ) from error
    if mark == CHANGED:
        raise UserValueError(
            f'{file}: {CHANGED}: move it away, and {MAKE_IT} again'
        )
    return content


def check_records(
    method: str,
    group: Group,
    files: Mapping[int, Path],
    contents: Mapping[int, Mapping[str, Any]],
) -> None:
    """Refuse results of another seed, or of other settings than the row has.

    Args:
        method: The row.
        group: Its group.
        files: The results, by the seed that their name says.
        contents: What they hold.

    Raises:
        ValueError: Names the first file, and what differs.
    """
    if not files:
        return
    with TemporaryDirectory() as folder:
        run = experiment(group, method, next(iter(files)), Path(folder))
        now = run.record['settings']
    for seed, file in files.items():
        then = contents[seed]['settings']
        lines = [
            *map(str, changed_settings(then['cfg'], now['cfg'], True)),
            *wrong_device(group, contents[seed]),
            *(
                f'{key} was {then.get(key)}, is {expected}'
                for key, expected in (
                    ('seed', seed),
                    ('others', now['others']),
                )
                if then.get(key) != expected
            ),
        ]
        if lines:
            raise UserValueError(
                f'{file} has {"; ".join(lines)}: move it away, and {MAKE_IT} '
                'again'
            )


def wrong_device(group: Group, content: Mapping[str, Any]) -> list[str]:
    """A line where a row of a GPU is of none."""
    found = device_of(content)
    if group.on_gpu and found == CPU:
        return [f'device {found!r}, expected a GPU']
    return []


def device_of(content: Mapping[str, Any]) -> str:
    """What a result is of; those that do not say it are of a CPU."""
    return content.get('device', CPU)


def state_of(content: Mapping[str, Any]) -> str:
    """Sources of the package, versions and device that it runs on."""
    versions = content.get('versions', {})
    lines = [f'{k} {v}' for k, v in versions.items()]
    return ', '.join([content['sources'], *lines, device_of(content)])


def scores_of(
    method: str, group: Group, content: Mapping[str, Any], file: Path
) -> dict[tuple[str, str], dict[str, float]]:
    """Scores of the lines of a run, by name and part."""
    shown = group.rows[method].name
    found = {(shown, part): content[part] for part in PARTS}
    for tau, suffix in POST_HOC.items() if method in group.post_hoc else ():
        found[shown + suffix, PARTS[0]] = swept(content, tau, file)
    return found


def swept(
    content: Mapping[str, Any], tau: float, file: Path
) -> dict[str, float]:
    """Scores of a run's sweep at one tau.

    Raises:
        ValueError: The run has no sweep with this tau.
    """
    for row in content.get('tau_sweep', {}).get('scores') or ():
        if row['tau'] == tau:
            each = {f'IoU.{name}': iou for name, iou in row['IoU'].items()}
            return {key: row[key] for key in SCORES} | each
    raise UserValueError(
        f'{file} has no tau {tau:g} in its tau_sweep: move it away, and '
        f'{MAKE_IT} again'
    )


def without(scores: Mapping[str, float], class_name: str) -> dict[str, float]:
    """mIoU of all classes but one.

    A class without a pixel is NaN, and does not count, as in mIoU.
    """
    ious = [
        value
        for key, value in scores.items()
        if key.startswith('IoU.') and key != f'IoU.{class_name}'
    ]
    return {f'mIoU without {class_name}': float(np.nanmean(ious))}


def check_states(states: Mapping[str, Path]) -> None:
    """Refuse runs of several states of the package.

    Args:
        states: A file of each.

    Raises:
        ValueError: There are two or more.
    """
    if len(states) > 1:
        lines = [f'  {file}: {state}' for state, file in states.items()]
        raise UserValueError(
            f'runs are of {len(states)} states of the package, and one table '
            'needs one:\n' + '\n'.join(lines)
        )
