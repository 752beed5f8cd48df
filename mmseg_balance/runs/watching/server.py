"""A small server that shows runs to browsers; it changes nothing.

The address begins with a random word. Who shares a login node can open its
ports, and so can, through the browser, pages of other hosts; without the word
they get nothing.
"""

import errno
import getpass
import json
import secrets
import socket
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ...errors import UserOSError
from ...version import __version__
from .page.files import FILES
from .run_list import RunList

PICTURE_TYPES = {'.png': 'image/png', '.jpg': 'image/jpeg'}
PICTURE_TYPES |= {'.jpeg': 'image/jpeg'}
HEADERS = {
    # nothing but what this server has
    'Content-Security-Policy': "default-src 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
}
OTHER_START = (
    'This is no address of this server. The word in it changes with every '
    'start of mmseg-balance watch: the terminal has the present one.'
)
ALL = ('', '0.0.0.0', '::')


class WatchServer(ThreadingHTTPServer):
    """Serves the page and what it asks for.

    Args:
        runs: What is watched.
        host: Address to listen on.
        port: Port; 0 takes one that is free.

    Attributes:
        word (str): First part of the path of each address.

    Raises:
        OSError: Nothing can listen there.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self, runs: RunList, host: str = '127.0.0.1', port: int = 0
    ) -> None:
        self.runs = runs
        self.word = secrets.token_urlsafe(9)
        if ':' in host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((host, port), Handler)
        except OSError as error:
            why = error.strerror or error
            mend = 'name another with --host'
            if error.errno == errno.EADDRINUSE:
                mend = 'name another with --port, or 0 for any that is free'
            raise UserOSError(
                f'nothing can listen on {host}, port {port} ({why}): {mend}'
            ) from error
        self.host, self.port = host, self.server_address[1]

    @property
    def url(self) -> str:
        """Address of the page, on this machine."""
        host = 'localhost' if self.host in ALL else self.host
        host = f'[{host}]' if ':' in host else host
        return f'http://{host}:{self.port}/{self.word}/'

    @property
    def ssh_line(self) -> str:
        """What brings the port to another machine, under the same address."""
        host = 'localhost' if self.host in ALL else self.host
        try:
            user = getpass.getuser()
        except (KeyError, OSError):  # of a container without names
            user = 'USER'
        return (
            f'ssh -N -L {self.port}:{host}:{self.port} '
            f'{user}@{socket.gethostname()}'
        )


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: WatchServer
    timeout = 60  # seconds that a connection may be idle
    server_version = f'mmseg-balance/{__version__}'
    protocol_version = 'HTTP/1.1'

    def do_GET(self) -> None:
        """Answer; what is deleted meanwhile is not there."""
        try:
            self.answer()
        except (OSError, ValueError) as error:
            self._send_text(HTTPStatus.NOT_FOUND, f'not found: {error}')

    def answer(self) -> None:
        """Send a file of the page, values or a picture."""
        address = urlsplit(self.path)
        word, slash, name = address.path[1:].partition('/')
        if not secrets.compare_digest(
            word.encode(errors='replace'), self.server.word.encode()
        ):
            return self._send_text(HTTPStatus.NOT_FOUND, OTHER_START)
        if name in FILES and slash:
            kind, content = FILES[name]
            return self._send(HTTPStatus.OK, kind, content)
        answer = ANSWERS.get(name)
        if answer is None:
            return self._send_text(HTTPStatus.NOT_FOUND, 'no such page')
        query = {k: v[-1] for k, v in parse_qs(address.query).items()}
        return answer(self, query)

    do_HEAD = do_GET

    def send_runs(self, query: dict[str, str]) -> None:
        """The list of runs."""
        runs = self.server.runs
        content = dict(
            root=str(runs.root),
            is_there=runs.root.is_dir(),
            runs=runs.glance(),
        )
        self._send_json(content)

    def send_run(self, query: dict[str, str]) -> None:
        """All of a run: ``id`` and the ``version`` that the page has."""
        run = self.server.runs.get(query.get('id', ''))
        if run is None:
            return self._send_text(HTTPStatus.NOT_FOUND, 'no such run')
        self._send_json(run.state(query.get('version', '')))

    def send_picture(self, query: dict[str, str]) -> None:
        """A picture: ``id``, ``session`` and ``file``."""
        run = self.server.runs.get(query.get('id', ''))
        path = None
        if run is not None:
            path = run.picture(query.get('session', ''), query.get('file', ''))
        try:
            content = path.read_bytes() if path else None
        except OSError:
            content = None
        if path is None or content is None:
            return self._send_text(HTTPStatus.NOT_FOUND, 'no such picture')
        self._send(HTTPStatus.OK, PICTURE_TYPES[path.suffix.lower()], content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal is for the address."""

    def _send_json(self, content: Any) -> None:
        text = json.dumps(content, allow_nan=False)
        self._send(HTTPStatus.OK, 'application/json', text.encode())

    def _send_text(self, status: HTTPStatus, text: str) -> None:
        self._send(status, 'text/plain; charset=utf-8', text.encode())

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        try:
            self.send_response(status)
            self.send_header('Content-Type', kind)
            self.send_header('Content-Length', str(len(content)))
            for name, value in HEADERS.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != 'HEAD':
                self.wfile.write(content)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the page was left


ANSWERS: dict[str, Callable[[Handler, dict[str, str]], None]] = {
    'runs': Handler.send_runs,
    'run': Handler.send_run,
    'picture': Handler.send_picture,
}
