"""Stands between a client and a server on this machine and loses, on demand, what the server says: the way to a network, not the network.

What either of them does is theirs; a relay only passes bytes on.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event


class Relay:
    """Passes everything on to a port. While `deaf` is set the server's answers are lost, as on a line that breaks after the request.

    It is set by itself when a client begins with `deaf_after`.
    """

    def __init__(self, to_port: int) -> None:
        self.deaf_after = b""
        self.deaf = Event()
        self.lost = Event()
        self._to_port = to_port
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._open: set[socket.socket] = {self._door}
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                server = socket.create_connection(("127.0.0.1", self._to_port))
                self._open |= {client, server}
                threading.Thread(target=self._pass_on, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(server, client, True), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while said := source.recv(65536):
                if not answers and self.deaf_after and said.startswith(self.deaf_after):
                    self.deaf.set()
                if answers and self.deaf.is_set():
                    self.lost.set()
                else:
                    sink.sendall(said)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """End every connection that stands; new ones are passed on as before."""
        self._end(self._open - {self._door})
        self._open = {self._door}

    def close(self) -> None:
        """End every connection and take no more."""
        self._end(self._open)

    @staticmethod
    def _end(sockets: set[socket.socket]) -> None:
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@contextmanager
def relay_to(port: int) -> Iterator[Relay]:
    """Yield a relay to a server on this machine."""
    relay = Relay(port)
    try:
        yield relay
    finally:
        relay.close()
