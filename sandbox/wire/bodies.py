"""The body of a request, by its length or in chunks (RFC 9112, sections 6 and 7), as far as the sandbox takes one."""

import re
from email.message import Message
from io import BufferedIOBase

from sandbox.wire.parameters import BAD_BODY
from sandbox.world.errors import StripeError, invalid

LARGEST_BODY = 32 * 1024 * 1024
LONGEST_LINE = 8 * 1024  # of a chunk's size with its extensions, and of a trailer
MOST_TRAILERS = 100
SIZE = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(;[^\r\n]*)?\r\n")
BAD_CHUNKS = "Invalid request: the chunks of its body are malformed."
TWO_LENGTHS = "Invalid request: send either one Content-Length or `Transfer-Encoding: chunked`."


class CutOffError(Exception):
    """The connection ended within the body: nobody is there to answer."""


def read(headers: Message, stream: BufferedIOBase) -> bytes:
    """The whole body; none is b"". Extensions of chunks and trailers are passed over.

    Raises StripeError 413 as soon as more has come, or was announced, than is taken, 411 for a length that is none, 400
    for chunks that are none and for two lengths, which two readers could take for two requests. Raises CutOffError.
    """
    lengths, codings = headers.get_all("Content-Length", []), headers.get_all("Transfer-Encoding", [])
    if len(lengths) + len(codings) > 1:
        raise invalid(TWO_LENGTHS)
    if codings:
        if codings[0].strip().lower() != "chunked":
            raise invalid(BAD_BODY)
        return _chunked(stream)
    length = lengths[0].strip() if lengths else "0"
    if not (length.isascii() and length.isdigit()):
        raise StripeError(411, BAD_BODY)
    if len(length) > 12 or int(length) > LARGEST_BODY:
        raise _too_large()
    return _exactly(stream, int(length))


def _chunked(stream: BufferedIOBase) -> bytes:
    body = bytearray()
    while size := _size(stream):
        if len(body) + size > LARGEST_BODY:
            raise _too_large()
        body += _exactly(stream, size)
        if _line(stream) != b"\r\n":
            raise invalid(BAD_CHUNKS)
    for _ in range(MOST_TRAILERS):
        if _line(stream) == b"\r\n":
            return bytes(body)
    raise invalid(BAD_CHUNKS)


def _size(stream: BufferedIOBase) -> int:
    found = SIZE.fullmatch(_line(stream))
    if found is None:
        raise invalid(BAD_CHUNKS)
    return int(found[1], 16)


def _line(stream: BufferedIOBase) -> bytes:
    line = stream.readline(LONGEST_LINE + 1)
    if len(line) > LONGEST_LINE:
        raise invalid(BAD_CHUNKS)
    if not line.endswith(b"\n"):
        raise CutOffError
    return line


def _exactly(stream: BufferedIOBase, size: int) -> bytes:
    found = stream.read(size)
    if len(found) < size:
        raise CutOffError
    return found


def _too_large() -> StripeError:
    return StripeError(413, "The request is too large.")
