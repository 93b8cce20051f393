"""The guard below the HTTP library, on real sockets: nothing is sent in the closed window, nothing outlives it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import time
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from accounts.koscom.errors import NoAnswerError, WindowClosedError
from accounts.koscom.transport import _DeadlineSocket, new_session
from tests.accounts.koscom.samples import body
from tests.accounts.koscom.servers import Line, listening, make_client, open_window, read_request, scripted

SAMPLE = body("accountlist")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(SAMPLE)


class ClosingGuard:
    """Lets a number of questions pass, then the window is closed."""

    def __init__(self, passes: int) -> None:
        self.left = passes

    def __call__(self) -> timedelta:
        self.left -= 1
        if self.left < 0:
            raise WindowClosedError("closed")
        return timedelta(hours=1)


def _wait_for_bytes(peer: socket.socket, line: Line) -> None:
    line.received += peer.recv(65536)


def test_a_closed_window_opens_no_connection() -> None:
    with listening(_wait_for_bytes) as line:
        client = make_client(line.port, guard=open_window, session_guard=ClosingGuard(0))
        with pytest.raises(WindowClosedError):
            next(client.accounts())
        assert (line.connections, line.received) == (0, b"")


def test_a_window_that_closes_while_connecting_gets_no_byte() -> None:
    with listening(_wait_for_bytes) as line:
        client = make_client(line.port, guard=open_window, session_guard=ClosingGuard(1))
        with pytest.raises(WindowClosedError):
            next(client.accounts())
        assert line.talked.wait(3)
    assert (line.connections, line.received) == (1, b"")


def test_a_kept_connection_asks_the_guard_before_it_writes_again() -> None:
    with scripted((200, {}, SAMPLE)) as script:
        # Connect, head, body; then the head of the second request.
        client = make_client(script.port, guard=open_window, session_guard=ClosingGuard(3))
        assert len(list(client.accounts())) == 1
        with pytest.raises(WindowClosedError):
            list(client.accounts())
        assert len(script.requests) == 1


@pytest.mark.parametrize("head", [b"", HEAD], ids=["in the head", "in the body"])
def test_an_answer_that_drips_ends_at_the_deadline(head: bytes) -> None:
    def drip(peer: socket.socket, line: Line) -> None:
        read_request(peer, line)
        peer.sendall(head)
        for byte in HEAD + SAMPLE:
            peer.sendall(bytes((byte,)))
            if line.stop.wait(0.02):
                return

    with listening(drip) as line:
        client = make_client(line.port, guard=open_window, session_guard=lambda: timedelta(seconds=0.3))
        started = time.monotonic()
        with pytest.raises(NoAnswerError):
            list(client.accounts())
        assert time.monotonic() - started < 1.5


def test_a_whole_answer_may_not_take_longer_than_the_total() -> None:
    def silent(peer: socket.socket, line: Line) -> None:
        read_request(peer, line)
        line.stop.wait(2)

    with listening(silent) as line:
        started = time.monotonic()
        with pytest.raises(NoAnswerError):
            list(make_client(line.port, total_timeout=0.2).accounts())
        assert time.monotonic() - started < 1.5


def test_silence_longer_than_the_read_limit_is_no_answer() -> None:
    def silent(peer: socket.socket, line: Line) -> None:
        read_request(peer, line)
        line.stop.wait(2)

    with listening(silent) as line:
        started = time.monotonic()
        with pytest.raises(NoAnswerError):
            list(make_client(line.port, read_timeout=0.2).accounts())
        assert time.monotonic() - started < 1.5


def test_a_connection_closed_without_an_answer_is_no_answer() -> None:
    with listening(read_request) as line, pytest.raises(NoAnswerError, match="shinhan accountlist"):
        list(make_client(line.port).accounts())


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    def half(peer: socket.socket, line: Line) -> None:
        read_request(peer, line)
        peer.sendall(HEAD + SAMPLE[:100])

    with listening(half) as line, pytest.raises(NoAnswerError):
        list(make_client(line.port).accounts())


def test_an_answer_that_ends_with_the_connection_is_read() -> None:
    def whole(peer: socket.socket, line: Line) -> None:
        read_request(peer, line)
        peer.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + SAMPLE)

    with listening(whole) as line:
        assert len(list(make_client(line.port).accounts())) == 1


def test_an_answer_in_chunks_is_read() -> None:
    def chunks(peer: socket.socket, line: Line) -> None:
        read_request(peer, line)
        chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(SAMPLE), SAMPLE)
        peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk)

    with listening(chunks) as line:
        assert len(list(make_client(line.port).accounts())) == 1


def test_a_refused_connection_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NoAnswerError):
        list(make_client(port).accounts())


def _addresses(*ports: int) -> list[tuple[object, ...]]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]


def test_a_window_that_closes_while_the_name_is_resolved_gets_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    guard = ClosingGuard(9)

    def slow(*_args: object, **_kwargs: object) -> list[tuple[object, ...]]:
        guard.left = 0
        return _addresses(line.port)

    with listening(_wait_for_bytes) as line:
        monkeypatch.setattr(socket, "getaddrinfo", slow)
        with pytest.raises(WindowClosedError):
            next(make_client(line.port, guard=open_window, session_guard=guard).accounts())
    assert line.connections == 0


def test_the_next_address_is_tried_when_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    with scripted((200, {}, SAMPLE)) as script:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: _addresses(closed, script.port))
        assert len(list(make_client(closed).accounts())) == 1


def test_a_name_without_an_address_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: [])
    with pytest.raises(NoAnswerError):
        list(make_client(9).accounts())


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with scripted((200, {}, SAMPLE)) as script:
        list(make_client(script.port).accounts())
        assert script.requests[0][1]["Authorization"] == "Basic ZGVtby1zaGluaGFuOmRlbW8tc2VjcmV0"


def test_a_read_past_the_deadline_is_a_time_out_and_no_read() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"late")
        with _DeadlineSocket(ours, time.monotonic() - 1).makefile("rb") as stream, pytest.raises(TimeoutError):
            stream.read(4)


def test_a_socket_without_a_limit_of_its_own_gets_the_time_that_is_left() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"late")
        with _DeadlineSocket(ours, time.monotonic() + 5).makefile("rb") as stream:
            assert stream.read(4) == b"late"
        limit = ours.gettimeout()
        assert limit is not None
        assert 0 < limit <= 5


@pytest.fixture
def tls_files(tmp_path: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    start = dt.datetime.now(dt.UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=5))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, secret = tmp_path / "cert.pem", tmp_path / "key.pem"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return chain, secret


def test_tls_obeys_the_same_guard(tls_files: tuple[Path, Path]) -> None:
    chain, secret = tls_files
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, secret)

    def answer(peer: socket.socket, line: Line) -> None:
        with context.wrap_socket(peer, server_side=True) as tls:
            part = tls.recv(65536)
            line.received += part
            if part:
                tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK")

    with listening(answer) as line:
        with new_session(open_window) as session:
            session.verify = str(chain)
            assert session.get(f"https://127.0.0.1:{line.port}/").text == "OK"
            seen = line.received
        with new_session(ClosingGuard(1)) as session:
            session.verify = str(chain)
            with pytest.raises(WindowClosedError):
                session.get(f"https://127.0.0.1:{line.port}/")
        assert line.received == seen
        with new_session(open_window) as session, pytest.raises(requests.exceptions.SSLError):
            session.get(f"https://127.0.0.1:{line.port}/")
