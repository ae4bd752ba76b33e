"""Stands between a client and a server on this machine and loses, on demand, what the server says: the way to a network, not the network.

What either of them does is theirs; a relay only passes bytes on.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event


class Relay:
    """Passes everything on to a port, and tells when the server has answered a certain request.

    While `deaf` is set the server's answers are lost, as on a line that breaks after the request.
    """

    def __init__(self, to_port: int) -> None:
        self.deaf, self.accepted = Event(), Event()
        self._watched, self._loses = b"", False
        self._to_port = to_port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._open: set[socket.socket] = {self._door}
        threading.Thread(target=self._accept, daemon=True).start()

    def watch(self, request: bytes, *, loses: bool) -> None:
        """Set `accepted` when the server answers a request that begins so; lose its answer, or let it through."""
        self.deaf.clear()
        self.accepted.clear()
        self._watched, self._loses = request, loses

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                server = socket.create_connection(("127.0.0.1", self._to_port))
                self._open |= {client, server}
                asked = Event()
                threading.Thread(target=self._ask, args=(client, server, asked), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client, asked), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket, asked: Event) -> None:
        with suppress(OSError):
            while said := client.recv(65536):
                if self._watched and said.startswith(self._watched):
                    asked.set()
                server.sendall(said)
        _shut(client, server)

    def _answer(self, server: socket.socket, client: socket.socket, asked: Event) -> None:
        with suppress(OSError):
            while said := server.recv(65536):
                watched = asked.is_set()
                if watched and self._loses:
                    self.deaf.set()
                if not self.deaf.is_set():
                    client.sendall(said)
                if watched:
                    self.accepted.set()
        _shut(server, client)

    def cut(self) -> None:
        """End every connection that stands; new ones are passed on as before."""
        self._end(self._open - {self._door})
        self._open = {self._door}
        self.deaf.clear()

    def close(self) -> None:
        """End every connection and take no more."""
        self._end(self._open)

    @staticmethod
    def _end(sockets: set[socket.socket]) -> None:
        for each in sockets:
            _shut(each)
            each.close()


def _shut(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def relay_to(port: int) -> Iterator[Relay]:
    """Yield a relay to a server on this machine."""
    relay = Relay(port)
    try:
        yield relay
    finally:
        relay.close()
