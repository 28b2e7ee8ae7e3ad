"""Processes that do one function's work for threads of this one. They end with this process, however it ends."""

import gc
import signal
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import django


class Ended(Exception):  # noqa: N818  (named after what happened)
    """A process that worked for this one has ended, perhaps killed for its memory."""


def leave_what_is_loaded() -> None:
    """Look for garbage no more in what is loaded: one page in sixty took twice as long, over 130,000 objects."""
    gc.collect()
    gc.freeze()


def spare_the_collector() -> None:
    """Look for garbage seldom, too, where objects by the thousand are read: each costs a third more otherwise.

    Not where pages are drawn: what is seldom looked for takes longer then.
    """
    leave_what_is_loaded()
    gc.set_threshold(50_000, 20, 100)


class Helper:
    """A process that calls the function of this dotted name with what it is sent; one call at a time."""

    def __init__(self, function: str) -> None:
        spawning = get_context("spawn")  # a fork would share sockets of the database
        self.pipe, theirs = spawning.Pipe()
        self.process = spawning.Process(target=serve, args=(theirs, function), daemon=True)
        self.process.start()
        theirs.close()

    def __call__(self, argument: Any) -> Any:
        """What the function returns there, or raises. Raises Ended."""
        try:
            self.pipe.send(argument)
            answer = self.pipe.recv()
        except (EOFError, OSError):
            raise Ended(f"Process {self.process.pid} has ended.") from None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def stop(self) -> None:
        """Let it end, and wait for it."""
        self.pipe.close()
        self.process.join()


def serve(pipe: Connection, function: str) -> None:
    """In the process: work until whoever started it closes the pipe, or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started it
    django.setup()
    module, _, name = function.rpartition(".")
    work = getattr(import_module(module), name)
    spare_the_collector()
    while True:
        try:
            argument = pipe.recv()
        except EOFError:
            return
        try:
            answer = work(argument)
        except Exception as error:  # noqa: BLE001  (raised where it was asked for)
            answer = error
        pipe.send(answer)
