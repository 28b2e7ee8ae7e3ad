"""Django's SMTP backend, which also remembers how far a talk with the mail server came before it broke."""

import smtplib
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

GO_AHEAD = 354  # the answer to DATA, and to nothing else: the content follows


class NoServer(OSError):  # noqa: N818  (it says what is missing)
    """No mail server is set."""


class Backend(EmailBackend):
    """Sends as Django's does. `begun`: the content may have reached the server; `said`: its last answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.begun = False
        self.said = ""

    @property
    def connection_class(self) -> Any:
        """smtplib's own, whose answers are heard here."""
        return type("Heard", (_Heard, super().connection_class), {"backend": self})

    def open(self) -> bool | None:
        """Raise NoServer where none is set; else as Django's."""
        if not self.host:
            raise NoServer("No mail server is set (EMAIL_URL).")
        return super().open()


class _Heard:
    """Tells the backend of each answer."""

    backend: Backend

    def getreply(self) -> tuple[int, bytes]:
        """The server's next answer."""
        code, text = super().getreply()  # type: ignore[misc]
        self.backend.begun = self.backend.begun or code == GO_AHEAD
        self.backend.said = f"{code} {text.decode(errors='replace')}"
        return code, text


def answer(error: Exception) -> tuple[int, str]:
    """Code and words of the server's refusal; 0 where it gave none."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return _known(code, text)
    if isinstance(error, smtplib.SMTPResponseException):
        return _known(error.smtp_code, error.smtp_error)
    return 0, f"{type(error).__name__}: {error}"


def _known(code: int, text: bytes | str) -> tuple[int, str]:
    words = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    return (code if 400 <= code < 600 else 0), f"{code} {words}"
