"""Small faults in the code: how many of them the tests find.

    python tools/benchmarks/mutation.py logits losses uda evaluation
    python tools/benchmarks/mutation.py losses --survivors
    python tools/benchmarks/mutation.py --table docs/reliability.md

Draws mutants of a part's modules, and runs for each the tests that run its
line, the quick ones first, until one fails. They are those of a public clone,
without reference data. FOLDER/mutation_<part>.json keeps the results: what is
there is not run again unless the module changed. --survivors tries those that
survived once more, after tests were added. Needs mutmut and coverage.
"""

import argparse
import json
import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from mutants import Mutant, make_mutants, numbered_mutants
from mutation_report import write_tables
from mutation_tests import Measurement, TestMap, Trials, run_pytest

ROOT = Path(__file__).resolve().parents[2]
PARTS = {
    'logits': 'mmseg_balance/logits',
    'losses': 'mmseg_balance/models/losses',
    'uda': 'mmseg_balance/models/uda',
    'evaluation': 'mmseg_balance/evaluation',
}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('parts', nargs='*', choices=[*PARTS, []])
    parser.add_argument(
        '--sample', type=int, default=200, help='mutants of each part'
    )
    parser.add_argument('--seed', type=int, default=0, help='of the sample')
    parser.add_argument(
        '--survivors', action='store_true', help='only those, once more'
    )
    parser.add_argument(
        '--minutes', type=float, default=600, help='stop after these'
    )
    parser.add_argument(
        '--work-dir', type=Path, default=Path('work_dirs/mutation')
    )
    parser.add_argument('--out', type=Path, default=Path('docs/reliability'))
    parser.add_argument(
        '--table',
        type=Path,
        metavar='PAGE',
        help='run nothing: write what --out holds into this page',
    )
    return parser.parse_args()


def sample(
    part: str, size: int, seed: int
) -> tuple[list[tuple[Path, int]], int]:
    """Draw mutants from all of a part's.

    What stands in no function is left out, nearly as mutmut does.

    Returns:
        Module and index of each, in the order of the draw; and how many
        there are in all.
    """
    files = sorted((ROOT / PARTS[part]).rglob('*.py'))
    everything = [(f, *n) for f in files for n in numbered_mutants(f)]
    # a larger sample of the same seed begins with the smaller one
    random.Random(seed).shuffle(everything)
    possible = [(f, i) for f, i, in_function in everything if in_function]
    return possible[:size], len(possible)


def run_part(
    args: argparse.Namespace,
    part: str,
    tests: TestMap,
    attempt: Callable,
    deadline: float,
) -> None:
    """Run the mutants of a part, and keep the results."""
    file = args.out / f'mutation_{part}.json'
    kept = {}
    if file.is_file():
        kept = {x['key']: x for x in json.loads(file.read_text())['mutants']}
    drawn, total = sample(part, args.sample, args.seed)
    results = []
    for count, (path, index) in enumerate(drawn):
        late = time.monotonic() > deadline
        (mutant,) = make_mutants(path, ROOT, [index])
        found = kept.get(mutant.key)
        again = args.survivors and found and found['result'] == 'survived'
        if found is None and (args.survivors or late):
            continue
        if found is None or (again and not late):
            found = try_mutant(mutant, tests.tests_of(mutant), attempt)
        results.append(found)
        if count % 10 == 9:
            save(file, part, args.seed, total, results)
    save(file, part, args.seed, total, results)
    counts = Counter(x['result'] for x in results)
    say(f'{part}: {dict(counts)} of {len(results)}')


def try_mutant(mutant: Mutant, tests: list[str], attempt: Callable) -> dict:
    """Result of one mutant; one whose line no test runs has survived."""
    result = attempt(mutant, tests) if tests else 'survived'
    if result == 'survived':
        say(
            f'{mutant.module}:{mutant.line} {mutant.function}: '
            f'{mutant.before}  ->  {mutant.after}  ({len(tests)} tests)'
        )
    return dict(
        key=mutant.key,
        function=mutant.function,
        line=mutant.line,
        before=mutant.before,
        after=mutant.after,
        tests=len(tests),
        result=result,
    )


def say(line: str) -> None:
    """Past pytest, which captures what is printed."""
    os.write(2, f'{line}\n'.encode())


def save(
    file: Path, part: str, seed: int, total: int, results: list[dict]
) -> None:
    """Write the results so far, whole or not at all."""
    values = dict(part=part, seed=seed, of=total, mutants=results)
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix('.tmp')
    temporary.write_text(json.dumps(values, indent=0) + '\n')
    temporary.replace(file)


def main() -> None:
    """Run mutants, or write the tables."""
    args = parse_args()
    os.chdir(ROOT)
    if args.table:
        write_tables(args.table, args.out)
        return
    args.work_dir = args.work_dir.resolve()
    args.work_dir.mkdir(parents=True, exist_ok=True)
    # as in a public clone
    os.environ['MMSEG_BALANCE_SHARED'] = str(args.work_dir / 'none')
    file = args.work_dir / 'tests.json'
    if TestMap.load(file) is None:
        say('which tests run which lines: some minutes')
        # a process imports the tests, and what they register, once
        child = multiprocessing.get_context('fork').Process(
            target=run_pytest, args=(Measurement(file), args.work_dir)
        )
        child.start()
        child.join()
    tests = TestMap.load(file)
    deadline = time.monotonic() + 60 * args.minutes

    def run(attempt: Callable) -> None:
        for part in args.parts or PARTS:
            run_part(args, part, tests, attempt, deadline)

    run_pytest(Trials(run, args.work_dir / 'last.log'), args.work_dir)


if __name__ == '__main__':
    main()
