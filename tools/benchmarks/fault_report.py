"""Tables of what tools/benchmarks/faults.py found."""

import json
from pathlib import Path

from doc_block import replace_block, table


def write_tables(page: Path, folder: Path) -> None:
    """Put the tables into the page.

    Args:
        page: Markdown page with the blocks ``faults`` and ``machine``.
        folder: Has ``faults_*.json``.
    """
    replace_block(page, 'signals', signals(folder))
    replace_block(page, 'machine', machine(folder))


def signals(folder: Path) -> str:
    """One row for each method and signal."""
    header = (
        'method',
        'signal',
        'runs',
        'bit for bit as the whole run',
        'before the first checkpoint',
        'unreadable files left',
        'iterations trained when it came',
    )
    rows = []
    for name, label in (('kills', 'SIGKILL'), ('terminations', 'SIGTERM')):
        for file in sorted(folder.glob(f'faults_{name}_*.json')):
            found = json.loads(file.read_text())
            runs = found['runs']
            trained = [run['trained'] for run in runs]
            rows.append(
                (
                    found['method'],
                    label,
                    len(runs),
                    sum(run['difference'] is None for run in runs),
                    sum(run['resumed_from'] is None for run in runs),
                    sum(bool(run['damaged']) for run in runs),
                    f'{min(trained)} to {max(trained)} of '
                    f'{found["iterations"]}',
                )
            )
    return table(header, rows)


def machine(folder: Path) -> str:
    """One row for each other fault."""
    rows = []
    for name, describe in DESCRIPTIONS.items():
        file = folder / f'faults_{name}.json'
        if file.is_file():
            rows.append(describe(json.loads(file.read_text())))
    return table(('fault', 'what happens'), rows)


def _rank(found: dict) -> tuple[str, str]:
    runs = found['runs']
    ended = max(run['other_ended_after'] for run in runs)
    launcher = max(run['launcher_ended_after'] for run in runs)
    damaged = sum(bool(run['damaged']) for run in runs)
    return (
        'one of two ranks is killed',
        f'{len(runs)} runs: the other rank ended after {ended} s at most, '
        f'the launcher after {launcher} s, with exit code '
        f'{sorted({run["exit_code"] for run in runs})}; '
        f'{damaged} unreadable files left',
    )


def _disk(found: dict) -> tuple[str, str]:
    return (
        'the disk fills up',
        f'exit code {found["exit_code"]}: "{found["said"]}"; unreadable '
        f'files left: {len(found["damaged"])}; {_resumed(found)}',
    )


def _work_dir(found: dict) -> tuple[str, str]:
    return (
        'the work folder is read-only',
        f'exit code {found["exit_code"]}: "{found["said"]}"',
    )


def _data(found: dict) -> tuple[str, str]:
    same = found['difference'] or 'the same run bit for bit'
    return ('the data folder is read-only', same)


def _long(found: dict) -> tuple[str, str]:
    memory, seconds = (
        f'{" ".join(f"{x:.{digits}f}" for x in found[key])} {unit}'
        f' ({100 * (found[key][3] / found[key][0] - 1):+.1f} %)'
        for key, digits, unit in (('memory', 1, 'MB'), ('seconds', 4, 's'))
    )
    return (
        f'{found["iterations"]} iterations',
        f'medians of the quarters: resident memory {memory}, processor '
        f'time of an iteration {seconds}',
    )


def _resumed(found: dict) -> str:
    if found['difference']:
        return f'resumed on a larger disk: {found["difference"]}'
    return (
        f'resumed from {found["resumed_from"]} on a larger disk: the same '
        'run bit for bit'
    )


DESCRIPTIONS = {
    'rank': _rank,
    'disk': _disk,
    'read-only-work-dir': _work_dir,
    'read-only-data': _data,
    'long': _long,
}
