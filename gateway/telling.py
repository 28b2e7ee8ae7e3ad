"""Saying how far a long run is: one line rewritten on a terminal, a line now and then elsewhere, JSON for machines."""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from gateway.walking import Progress

Write = Callable[[str], None]
WIDTH = 20
ON_TERMINAL, AS_JSON, ELSEWHERE = 0.2, 1.0, 10.0  # seconds between two tellings


class Telling:
    """Called with each Progress; tells some of them. Lines for machines go to `out`, what people read to `err`.

    Both write a text as it is; `terminal`: what `err` writes can be written over.
    """

    def __init__(self, out: Write, err: Write, *, as_json: bool, terminal: bool) -> None:
        self.out, self.err, self.as_json = out, err, as_json
        self.drawn = terminal and not as_json
        self.every = AS_JSON if as_json else ON_TERMINAL if self.drawn else ELSEWHERE
        self.began = time.monotonic()
        self.told = self.began if not self.drawn else 0.0
        self.progress = Progress()

    def __call__(self, progress: Progress) -> None:
        """Tell it, if it is time."""
        self.progress = progress
        now = time.monotonic()
        if now - self.told < self.every:
            return
        self.told = now
        if self.as_json:
            self.line("progress", **self.figures())
        else:
            room = shutil.get_terminal_size().columns - 1  # a line that wraps could not be written over
            self.err(f"\r\033[K{self.words()[:room]}" if self.drawn else f"{self.words()}\n")

    def line(self, event: str, **values: Any) -> None:
        """A line for machines; nothing where people read."""
        if self.as_json:
            self.out(json.dumps({"event": event, **values}) + "\n")

    def clear(self) -> None:
        """Take the bar away."""
        if self.drawn:
            self.err("\r\033[K")

    def figures(self) -> dict[str, Any]:
        """The progress, with `seconds` so far, `objects_per_second` and `seconds_left` (null: not known)."""
        seconds, left = time.monotonic() - self.began, self.seconds_left()
        return {
            **asdict(self.progress),
            "seconds": round(seconds, 1),
            "objects_per_second": round(self.progress.objects / max(seconds, 0.001), 1),
            "seconds_left": None if left is None else round(left),
        }

    def words(self) -> str:
        """The same for people."""
        now, found = self.progress, self.figures()
        full = WIDTH * now.walked // max(self.all_lists() or now.lists, 1)
        bar = f"[{'#' * full}{'.' * (WIDTH - full)}] " if self.drawn else ""
        left = found["seconds_left"]
        ends = "" if left is None else f", {left // 60} min {left % 60:02d} s left"
        rates = f"{found['objects_per_second']:.0f}/s, {now.calls / max(found['seconds'], 0.1):.0f} calls/s"
        lists = f"{now.walked:,} of {self.all_lists() or now.lists:,} lists"
        slowed = f", slowed down {now.slowed} times" if now.slowed else ""
        return f"{bar}{lists}, {now.objects:,} objects ({rates}{slowed}){ends}  {now.noun}"

    def all_lists(self) -> int | None:
        """How many lists there will be, by those of the accounts so far; None where it is not known."""
        now = self.progress
        if not now.expected or not now.accounts or now.accounts > now.expected:
            return None
        return max(now.lists * now.expected // now.accounts, now.lists)

    def seconds_left(self) -> float | None:
        """By the lists walked so far; None where that says nothing."""
        lists, walked = self.all_lists(), self.progress.walked
        return None if not lists or not walked else (time.monotonic() - self.began) * (lists - walked) / walked
