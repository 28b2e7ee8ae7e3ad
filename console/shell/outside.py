"""Text from outside stands in a page by itself: whatever it holds, its neighbours on the line keep their places.

Every variable of every template of ours passes `outside` (in a browser's title `one_line`): the loader writes the
filter behind it, so no template can forget it. What needs no isolation is drawn as ever.
"""

import re
from datetime import date
from typing import Any

from django.template.base import Origin
from django.template.loaders import filesystem
from django.utils.html import escape, format_html
from django.utils.safestring import SafeData, SafeString, mark_safe

from gateway import shapes, texts

NOTHING = mark_safe('<span class="none">–</span>')
TOKEN = re.compile(r"({%.*?%}|{{.*?}}|{#.*?#})")
EDGE = re.compile(r"<(/?[a-zA-Z][\w-]*)|>")  # a tag begins, or ends
BARE = frozenset({"textarea", "option", "text"})  # elements that hold nothing but text


def isolated(text: str) -> SafeString:
    """A text, escaped; in an element of its own where it would move what stands beside it."""
    return format_html("<bdi>{}</bdi>", text) if texts.MOVES.search(text) else escape(text)


def outside(value: Any) -> Any:
    """A template's variable as it is drawn: isolated; an object of Stripe's as JSON, a dash where nothing is seen.

    Markup of our own and what Django localizes (numbers, days, None) stay as they are.
    """
    if value is None or isinstance(value, SafeData | int | float | date) or hasattr(value, "__html__"):
        return value
    text = shapes.shown(value) if isinstance(value, dict | list) else str(value)
    if isinstance(text, SafeData):
        return text
    text = shapes.printable(text)
    return isolated(text) if not text.strip(" \n") or texts.visible(text) else NOTHING


def one_line(value: Any) -> str:
    """The same for a browser's title, which has no elements."""
    return texts.one_line(shapes.printable(str(value)))


def with_filters(source: str) -> str:
    """A template's source with a filter behind every variable.

    Attributes and bare texts, which have no neighbours, are left as they are.
    """
    found, in_tag, element, in_title = [], False, "", False
    for piece in TOKEN.split(source):
        if piece.startswith("{{") and not in_tag and element not in BARE:
            piece = f"{{{{ {piece[2:-2].strip()}|{'one_line' if in_title else 'outside'} }}}}"
        elif piece.startswith("{%"):
            words = piece[2:-2].split()
            in_title = words[:2] == ["block", "title"] or (in_title and words[0] != "endblock")
        elif not piece.startswith(("{{", "{#")):
            for edge in EDGE.finditer(piece):
                in_tag = edge[1] is not None
                element = edge[1] or element
        found.append(piece)
    return "".join(found)


class Loader(filesystem.Loader):
    """Our own templates, as they are compiled."""

    def get_contents(self, origin: Origin) -> str:
        """The source with the filters written into it."""
        return with_filters(super().get_contents(origin))
