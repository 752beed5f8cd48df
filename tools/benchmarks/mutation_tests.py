"""Tests by the lines that they run, and a pytest session that tries mutants.

The session collects the tests once and forks for each mutant. The child puts
the code of the mutant into the functions that exist, so that nothing has to be
imported again, whatever refers to them, and runs the tests of its line.
"""

import ast
import contextlib
import gc
import hashlib
import json
import os
import resource
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import coverage
import pytest
from mutants import Mutant

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = 'mmseg_balance'
POOL = ('tests/logits', 'tests/models', 'tests/evaluation')
# those that train, compile or build every config
LEFT_OUT = ('tests/models/test_every_config.py',)
# those that read the defaults of arguments, and so run no line of them
DEFAULTS = '_defaults.py'
SLOWEST = 2.0  # seconds of a test that is run for mutants
LONGEST = 20.0  # seconds of all that are run for one mutant
# an endless loop is a killed mutant: processor seconds beside the tests' own
GRACE = 20
MEMORY = 16 * 2**30
PYTEST = ('-q', '-n0', '-p', 'no:cacheprovider', '--no-header')


class TestMap:
    """Tests by the lines that they run.

    Args:
        lines: By module and line, the numbers of the tests.
        tests: Node id and seconds of each test.
    """

    __test__ = False

    def __init__(self, lines: dict, tests: list[tuple[str, float]]) -> None:
        self._lines = lines
        self._tests = tests

    @classmethod
    def load(cls, file: Path) -> 'TestMap | None':
        """Read it, where it is of the code as it stands."""
        if not file.is_file():
            return None
        kept = json.loads(file.read_text())
        if kept['signature'] != _signature():
            return None
        return cls(kept['lines'], kept['tests'])

    def tests_of(self, mutant: Mutant) -> list[str]:
        """Tests that run the line of a mutant, else its function.

        Tests of defaults are among the latter.

        Returns:
            Node ids, quick tests first, of ``LONGEST`` seconds in all.
        """
        lines = self._lines.get(mutant.module, {})
        found: set[int] = set()
        for line in range(mutant.line, mutant.end + 1):
            found.update(lines.get(str(line), ()))
        if not found:
            for line in range(mutant.first + 1, mutant.last + 1):
                found.update(lines.get(str(line), ()))
            found.update(
                number
                for number, (test, _) in enumerate(self._tests)
                if DEFAULTS in test
            )
        chosen, seconds = [], 0.0
        for test, duration in sorted(
            (self._tests[i] for i in found), key=lambda test: test[1]
        ):
            seconds += duration
            if seconds > LONGEST:
                break
            chosen.append(test)
        return chosen


class Measurement:
    """Pytest plugin that notes which test runs which lines, and for how long.

    Args:
        file: JSON file that gets it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        data = file.with_suffix('.coverage')
        data.unlink(missing_ok=True)
        self._coverage = coverage.Coverage(
            data_file=str(data),
            source=[str(ROOT / PACKAGE)],
            config_file=False,
        )
        self._seconds: dict[str, float] = {}
        self._failed: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session):
        """Measure all tests, then write the file."""
        self._coverage.start()
        result = yield
        self._coverage.stop()
        self._write()
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item, nextitem):
        """Tell coverage which test runs."""
        self._coverage.switch_context(item.nodeid)
        begin = time.process_time()
        result = yield
        self._seconds[item.nodeid] = time.process_time() - begin
        self._coverage.switch_context('')
        return result

    def pytest_runtest_logreport(self, report) -> None:
        """Note what does not pass as it is: it tells nothing of mutants."""
        if not report.passed:
            self._failed.add(report.nodeid)

    def _write(self) -> None:
        tests = [
            (test, seconds)
            for test, seconds in self._seconds.items()
            if seconds < SLOWEST and test not in self._failed
        ]
        number = {test: i for i, (test, _) in enumerate(tests)}
        found = self._coverage.get_data()
        lines = {}
        for name in found.measured_files():
            lines[str(Path(name).relative_to(ROOT))] = {
                line: [number[t] for t in by if t in number]
                for line, by in found.contexts_by_lineno(name).items()
            }
        values = dict(signature=_signature(), tests=tests, lines=lines)
        self._file.write_text(json.dumps(values))


class Trials:
    """Pytest plugin that runs nothing but the tests of mutants.

    Args:
        run: Called with a function that tries one mutant with some tests and
            returns 'survived', 'killed' or 'timeout'.
        log: File that gets the output of the last mutant.
    """

    def __init__(self, run: Callable, log: Path) -> None:
        self._run = run
        self._log = log
        self._items: dict[str, Any] = {}
        self._functions: dict[str, list[FunctionType]] = {}

    def pytest_runtestloop(self, session) -> bool:
        """Take the place of the usual loop."""
        if session.testsfailed:
            raise session.Interrupted('some tests could not be collected')
        self._items = {item.nodeid: item for item in session.items}
        self._functions = functions_by_file()
        self._run(self._try)
        return True

    def pytest_runtest_logreport(self, report) -> None:
        """A failure ends the child: the mutant is killed."""
        if report.failed:
            os._exit(1)

    def _try(self, mutant: Mutant, tests: list[str]) -> str:
        items = [self._items[test] for test in tests]
        pid = os.fork()
        if pid:
            status = os.waitpid(pid, 0)[1]
            if os.WIFSIGNALED(status):
                ended = os.WTERMSIG(status)
                late = ended in (signal.SIGXCPU, signal.SIGALRM)
                return 'timeout' if late else 'killed'
            killed = os.waitstatus_to_exitcode(status)
            return 'killed' if killed else 'survived'
        code = 1
        try:
            seconds = int(LONGEST) + GRACE
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            signal.alarm(20 * seconds)
            log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(log, 1)
            os.dup2(log, 2)
            own = self._functions.get(str(ROOT / mutant.module), [])
            put_into(own, mutant)
            for item, following in zip(items, [*items[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(
                    item=item, nextitem=following
                )
            code = 0
        except BaseException as error:  # noqa: BLE001  (whatever it is)
            with contextlib.suppress(Exception):
                os.write(1, repr(error).encode())
        finally:
            os._exit(code)


def functions_by_file() -> dict[str, list[FunctionType]]:
    """All functions that exist, also below decorators, by their file."""
    found = defaultdict(list)
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType):
            found[thing.__code__.co_filename].append(thing)
    return found


def put_into(functions: Iterable[FunctionType], mutant: Mutant) -> None:
    """Give functions the code and the defaults of a mutant.

    Args:
        functions: Those of the module.
        mutant: The mutant.

    Raises:
        ValueError: No function has the fault in it.
    """
    tree = ast.parse(mutant.source)
    codes: dict[str, CodeType] = {}
    _collect(compile(tree, mutant.module, 'exec'), codes)
    defaults = dict(_defaults(tree, ''))
    count = 0
    for function in functions:
        name = function.__code__.co_qualname
        code = codes.get(name)
        if code is None:
            continue
        if len(code.co_freevars) == len(function.__code__.co_freevars):
            function.__code__ = code
            count += 1
        if name in defaults:
            _set_defaults(function, defaults[name])
    if not count:
        raise ValueError(f'{mutant.function} was not found')


def _collect(code: CodeType, codes: dict[str, CodeType]) -> None:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            codes[inner.co_qualname] = inner
            _collect(inner, codes)


def _defaults(node: ast.AST, prefix: str):
    """Qualified names of the functions outside functions, with arguments."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.ClassDef)):
            name = f'{prefix}{child.name}'
            if isinstance(child, ast.FunctionDef):
                yield name, child.args
            else:
                yield from _defaults(child, f'{name}.')


def _set_defaults(function: FunctionType, arguments: ast.arguments) -> None:
    def value(node: ast.expr) -> Any:
        code = compile(ast.Expression(node), '<default>', 'eval')
        return eval(code, function.__globals__)  # noqa: S307  (own source)

    # a default that needs the body of its class stays as it is
    with contextlib.suppress(NameError):
        if arguments.defaults:
            function.__defaults__ = tuple(map(value, arguments.defaults))
        named = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        keywords = {a.arg: value(d) for a, d in named if d is not None}
        if keywords:
            function.__kwdefaults__ = keywords


def run_pytest(plugin: object, work_dir: Path) -> None:
    """Run a session over the pool of tests.

    Args:
        plugin: ``Measurement`` or ``Trials``.
        work_dir: Gets temporary files.

    Raises:
        RuntimeError: The tests could not be collected.
    """
    code = pytest.main(
        [
            *PYTEST,
            '--capture=sys',
            f'--basetemp={work_dir / "tmp"}',
            *(f'--ignore={x}' for x in LEFT_OUT),
            *POOL,
        ],
        plugins=[plugin],
    )
    allowed = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    if code not in (*allowed, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(f'pytest ended with {code}')


def _signature() -> str:
    digest = hashlib.sha256()
    for folder in (PACKAGE, *POOL):
        for file in sorted((ROOT / folder).rglob('*.py')):
            digest.update(file.read_bytes())
    return digest.hexdigest()
