"""What the server answers, and to whom."""

import json
import socket
import subprocess
import sys
import threading
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest

from mmseg_balance.cli.main import main
from mmseg_balance.runs.watching.run_list import RunList
from mmseg_balance.runs.watching.server import WatchServer

NAME = '20261126_080000'


@pytest.fixture
def server(tmp_path, start_run):
    start = start_run(tmp_path / 'run', NAME)
    start.train(10)
    start.draw('mixed_10.png')
    (tmp_path / 'secret_10.png').write_bytes(b'secret')
    with WatchServer(RunList(tmp_path / 'run')) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server, name, word=None, method='GET'):
    connection = HTTPConnection('127.0.0.1', server.port, timeout=10)
    word = server.word if word is None else word
    connection.request(method, f'/{word}/{name}')
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def test_it_starts_without_pytorch_and_openmmlab():
    code = (
        'import sys, mmseg_balance.runs.watching.server\n'
        'print({"torch", "mmengine", "matplotlib"} & set(sys.modules))'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], capture_output=True, text=True
    )
    assert done.stdout == 'set()\n', done.stderr


def test_page_and_values(server):
    answer, content = ask(server, '')
    assert answer.status == 200 and b'<script type="module"' in content
    assert "default-src 'none'" in answer.headers['Content-Security-Policy']
    listed = json.loads(ask(server, 'runs')[1])
    assert [run['id'] for run in listed['runs']] == ['.']
    state = json.loads(ask(server, 'run?id=.')[1])
    assert state['values']['losses'][0]['series'][0]['value'] == 0.1
    (picture,) = state['pictures']['shown']
    query = urlencode(dict(id='.', session=NAME, file=picture['file']))
    answer, content = ask(server, f'picture?{query}')
    assert answer.headers['Content-Type'] == 'image/png'
    assert content.startswith(b'\x89PNG')


@pytest.mark.parametrize(
    'name',
    [
        f'picture?id=.&session={NAME}&file=../../../secret_10.png',
        'picture?id=.&session=..&file=secret_10.png',
        f'picture?id=..&session={NAME}&file=mixed_10.png',
        f'picture?id=.&session={NAME}&file=%2e%2e%2f%2e%2e%2fsecret_10.png',
        'picture',
        'run?id=../run',
        'run',
        '../secret_10.png',
        'vis_data/scalars.json',
        'style.css/..',
        '/[',
    ],
)
def test_nothing_else_is_served(server, name):
    answer, content = ask(server, name)
    assert answer.status == 404 and b'secret' != content


def test_who_lacks_the_word_gets_nothing(server):
    for word in ('', 'x', server.word[:-1], f'{server.word}x', '%C3%BC'):
        answer, content = ask(server, 'runs', word)
        assert answer.status == 404
        assert b'the terminal has the present one' in content
    other = WatchServer(server.runs)
    assert other.word != server.word
    other.server_close()


def test_nothing_can_be_changed(server):
    for method in ('POST', 'PUT', 'DELETE'):
        assert ask(server, 'runs', method=method)[0].status == 501


def test_address_and_tunnel(server):
    assert server.url == f'http://127.0.0.1:{server.port}/{server.word}/'
    ports = f'-L {server.port}:127.0.0.1:{server.port} '
    assert ports in server.ssh_line
    assert server.ssh_line.endswith(f'@{socket.gethostname()}')


def test_the_command(tmp_path, start_run, capsys, monkeypatch):
    start_run(tmp_path, NAME).train(10)

    def interrupted(server):
        raise KeyboardInterrupt

    monkeypatch.setattr(WatchServer, 'serve_forever', interrupted)
    main(['watch', str(tmp_path), '--port', '0'])
    out = capsys.readouterr().out
    assert out.startswith('http://127.0.0.1:') and 'ssh -N -L' in out
    main(['watch', str(tmp_path / 'later'), '--port', '0'])
    assert 'later has no training yet' in capsys.readouterr().err


@pytest.mark.parametrize(
    'words, what',
    [
        (['tests', '--port', '0'], 'no training in tests'),
        (['README.md'], 'README.md is a file'),
    ],
)
def test_what_the_command_refuses(words, what, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'tests').mkdir()
    (tmp_path / 'tests' / 'notes.txt').touch()
    (tmp_path / 'README.md').touch()
    with pytest.raises(SystemExit, match=what):
        main(['watch', *words])


def test_a_port_that_is_taken(server, tmp_path):
    with pytest.raises(SystemExit, match='another with --port, or 0 for any'):
        main(['watch', str(tmp_path), '--port', str(server.port)])
    with pytest.raises(SystemExit, match='another with --host'):
        main(['watch', str(tmp_path), '--host', 'no.such.host.invalid'])
