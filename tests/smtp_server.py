"""A small real SMTP server: it keeps what it took, and refuses, greylists, hangs or dies as it is told to."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from email import message_from_bytes
from email.message import Message
from email.policy import default
from types import TracebackType
from typing import Self

DIE, HANG, TAKE_AND_DIE = "die", "hang", "take and die"
# Steps of a talk, with what is answered where nothing else is told.
ANSWERS = {
    "greeting": "220 tests ESMTP",
    "ehlo": "250 tests",
    "auth": "235 Welcome",
    "mail": "250 OK",
    "rcpt": "250 OK",
    "data": "354 Go ahead",
    "content": "250 OK, queued as 7",
    "rset": "250 OK",
    "quit": "221 Bye",
}
HANGS = 5.0  # seconds: longer than any patience in the tests


class SmtpServer:
    """Use as a context manager. `answer(step)` says what is answered instead, "" for as usual.

    `taken` are the mails that it took responsibility for, whether or not its answer arrived.
    """

    def __init__(self, answer: Callable[[str], str] | None = None, *, offers: str = "") -> None:
        self.answer = answer or "".format  # as usual, whatever the step
        self.taken: list[Message] = []
        self.receivers: list[str] = []
        self.lock = threading.Lock()
        self.ehlo = f"250-tests\r\n250 {offers}" if offers else ""
        self.socket: socket.socket | None = None
        self.talks: set[socket.socket] = set()
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, on the same port as before."""
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", self.port))
        self.port = self.socket.getsockname()[1]
        self.socket.listen(64)
        threading.Thread(target=self._listen, args=(self.socket,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening and cut every talk."""
        if self.socket:
            self.socket.shutdown(socket.SHUT_RDWR)
            self.socket.close()
            self.socket = None
        for talk in list(self.talks):
            _cut(talk)

    def message_ids(self) -> list[str]:
        """Of all that it took, in order."""
        with self.lock:
            return [str(mail["Message-ID"]) for mail in self.taken]

    def _listen(self, listening: socket.socket) -> None:
        while True:
            try:
                talk, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(talk,), daemon=True).start()

    def _serve(self, talk: socket.socket) -> None:
        self.talks.add(talk)
        with suppress(OSError), talk:
            self._talk(talk)
        self.talks.discard(talk)

    def _talk(self, talk: socket.socket) -> None:
        lines = talk.makefile("rb")
        receiver = ""
        if not self._answer(talk, self._told("greeting")):
            return
        while line := lines.readline():
            step = line.decode("latin-1").split(":")[0].split(" ")[0].strip().lower()
            if step == "rcpt":
                receiver = line.decode().partition("<")[2].partition(">")[0]
            told = self._told(step)
            if not self._answer(talk, told) or step == "quit":
                return
            if step == "data" and told.startswith("354"):
                content = b"".join(iter(lines.readline, b".\r\n"))
                if not self._take(talk, content, receiver):
                    return

    def _take(self, talk: socket.socket, content: bytes, receiver: str) -> bool:
        told = self.answer("content") or ANSWERS["content"]
        if told.startswith("2") or told == TAKE_AND_DIE:
            with self.lock:
                self.taken.append(message_from_bytes(content, policy=default))
                self.receivers.append(receiver)
        return self._answer(talk, told)

    def _told(self, step: str) -> str:
        return self.answer(step) or (self.ehlo if step == "ehlo" else "") or ANSWERS.get(step, "500 What?")

    def _answer(self, talk: socket.socket, told: str) -> bool:
        """Whether the talk goes on."""
        if told in (DIE, TAKE_AND_DIE):
            _cut(talk)
            return False
        if told == HANG:
            talk.settimeout(HANGS)
            talk.recv(1)  # until the other side has gone
            return False
        talk.sendall(f"{told}\r\n".encode())
        return True


def _cut(talk: socket.socket) -> None:
    with suppress(OSError):
        talk.shutdown(socket.SHUT_RDWR)
