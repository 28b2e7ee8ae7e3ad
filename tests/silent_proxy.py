"""Between the console and its database: passes bytes on, or swallows them without closing anything."""

import selectors
import socket
import threading

PIECE = 65536


class SilentProxy:
    """A TCP proxy to `target` on a free port. A context manager.

    While `silent`, connections are accepted, and every byte is taken and lost: neither FIN nor RST tells anybody. A
    connection that has lost a byte stays dead, as after a failover.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.target, self.silent, self.ended = target, False, False
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.server.getsockname()[1]
        self.waiter = selectors.DefaultSelector()
        self.waiter.register(self.server, selectors.EVENT_READ)
        self.other: dict[socket.socket, socket.socket | None] = {}  # None: its bytes are lost
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self) -> "SilentProxy":
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.ended = True
        self.thread.join(5)
        for each in [self.server, *self.other]:
            each.close()

    def run(self) -> None:
        """Pass on until the end."""
        while not self.ended:
            for key, _ in self.waiter.select(0.05):
                if key.fileobj is self.server:
                    self.accept()
                else:
                    self.pass_on(key.fileobj)  # type: ignore[arg-type]

    def accept(self) -> None:
        """A new connection, with its other half unless silent."""
        near, _ = self.server.accept()
        far = None if self.silent else socket.create_connection(self.target)
        self.join(near, far)
        if far:
            self.join(far, near)

    def join(self, one: socket.socket, other: socket.socket | None) -> None:
        """Listen to one of two."""
        self.other[one] = other
        self.waiter.register(one, selectors.EVENT_READ)

    def pass_on(self, one: socket.socket) -> None:
        """What came from one to the other, or to nowhere."""
        if one not in self.other:  # its other half has closed it in this very round
            return
        try:
            piece = one.recv(PIECE)
        except OSError:
            piece = b""
        other = self.other[one]
        if self.silent:
            self.lose(one, other)
        if not piece:
            self.close(one)
        elif self.other[one]:
            try:
                self.other[one].sendall(piece)  # type: ignore[union-attr]
            except OSError:
                self.close(one)

    def lose(self, one: socket.socket, other: socket.socket | None) -> None:
        """From now on nothing passes between these two."""
        self.other[one] = None
        if other in self.other:
            self.other[other] = None

    def close(self, one: socket.socket) -> None:
        """One end has hung up; the other hears of it only where nothing was lost."""
        other = self.other.pop(one, None)
        self.waiter.unregister(one)
        one.close()
        if other in self.other:
            self.close(other)
