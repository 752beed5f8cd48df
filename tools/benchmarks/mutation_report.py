"""Tables of what tools/benchmarks/mutation.py found."""

import json
import math
from collections import Counter
from pathlib import Path

from doc_block import replace_block, table

SURVIVED = 'survived'
REASONS = 'mutation_reasons.json'  # why a mutant may live, by hand


def write_tables(page: Path, folder: Path) -> None:
    """Put scores and survivors into the page.

    Args:
        page: Markdown page with the block ``mutation``.
        folder: Has ``mutation_*.json``, and the reasons by module, function
            and line before and after.
    """
    reasons = json.loads((folder / REASONS).read_text())
    scores, survivors = [], []
    for file in sorted(folder.glob('mutation_*.json')):
        if file.name == REASONS:
            continue
        found = json.loads(file.read_text())
        scores.append(_score(found))
        survivors += [
            _survivor(mutant, reasons)
            for mutant in found['mutants']
            if mutant['result'] == SURVIVED
        ]
    header = ('part', 'mutants', 'drawn', 'killed', 'survived', 'share killed')
    lived = table(('where', 'line', 'with the fault', 'why'), survivors)
    # files may have moved since
    title = 'The survivors, by the paths of the files when they were tried:'
    text = f'{table(header, scores)}\n\n{title}\n\n{lived}'
    replace_block(page, 'mutation', text)


def _score(found: dict) -> tuple:
    counts = Counter(mutant['result'] for mutant in found['mutants'])
    drawn = len(found['mutants'])
    killed = drawn - counts[SURVIVED]
    low, high = interval(killed, drawn)
    share = (
        f'{100 * killed / drawn:.1f} % (95 %: {100 * low:.0f} to '
        f'{100 * high:.0f})'
    )
    return (
        found['part'], found['of'], drawn, killed, counts[SURVIVED], share
    )  # fmt: skip


def interval(hits: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval of a share, in which it lies with 95 %.

    Args:
        hits: How often it was seen.
        count: Of how many.
        z: Quantile of the normal distribution.
    """
    share = hits / count
    centre = share + z * z / (2 * count)
    half = z * math.sqrt(
        share * (1 - share) / count + z * z / (4 * count * count)
    )
    scale = 1 + z * z / count
    return (centre - half) / scale, (centre + half) / scale


def _survivor(mutant: dict, reasons: dict) -> tuple:
    module = mutant['key'].partition(':')[0].removeprefix('mmseg_balance/')
    name = f'{module} {mutant["function"]}'
    key = f'{name}: {mutant["before"]} -> {mutant["after"]}'
    reason = reasons.get(key, 'no test' if mutant['tests'] else 'never run')
    return (
        f'{name}:{mutant["line"]}',
        f'`{mutant["before"]}`',
        f'`{mutant["after"]}`',
        reason,
    )
