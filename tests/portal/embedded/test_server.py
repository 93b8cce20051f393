"""Taking the port, and saying why it cannot be taken."""

from __future__ import annotations

import socket

import pytest

from portal.embedded import server
from tests.servers.valkey import free_port


def test_the_port_is_taken_on_loopback_alone() -> None:
    port = free_port()
    with server.listen(port) as taken:
        assert taken.getsockname() == ("127.0.0.1", port)


def test_a_port_in_use_is_refused_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(server.PortTaken, match=rf"^port {port} is in use; set PORT to another$"):
            server.listen(port)


def test_port_zero_is_refused() -> None:
    with pytest.raises(server.PortTaken, match="from 1 to 65535"):
        server.listen(0)
