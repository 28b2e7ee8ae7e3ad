"""Tags and filters of every template: icons, badges, ids, money, time. What they are given is escaped, always."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.template import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from console.people import roles
from console.shell import formats, leading, links, moves, nouns, outside
from console.shell.badges import NOTHING
from gateway import clock, shapes, texts

register = template.Library()
register.filter("outside", outside.outside)
register.filter("one_line", outside.one_line)
register.filter("shown", formats.shown)

Moment = datetime | int | None
DASH = mark_safe('<span class="none">–</span>')
TONES = {"success": "ok", "warning": "warn", "error": "bad"}
TONE_ICONS = {"ok": "check", "warn": "triangle", "bad": "crossed", "info": "info", "mute": "dash"}


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str, size: int = 16) -> SafeString:
    """A drawing from icons.svg, for the eye only: a word always stands beside it."""
    return format_html(
        '<svg class="icon" width="{}" height="{}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        size,
        size,
        static("console/icons.svg"),
        name,
    )


@register.simple_tag
def badge(value: Any, kind: str = "", label: str = "", *, plain: bool = False) -> SafeString:
    """The badge of a state; `label` names it on object pages ("Issuing"), `plain` drops the box in dense tables."""
    shown = nouns.badge(value, kind)
    if shown is NOTHING:
        return DASH
    name = format_html('<span class="badge-name">{}</span> ', label) if label else ""
    box = "badge badge-plain" if plain else "badge"
    came = format_html(' title="{}"', f"As Stripe sent it: {value}") if shown.word == str(value) else ""
    return format_html(
        '<span class="{} {}"{}>{}{}<span class="badge-word">{}</span></span>',
        box,
        shown.tone,
        came,
        icon(shown.icon),
        name,
        outside.isolated(shown.word),
    )


@register.filter
def stripe_id(value: Any) -> SafeString:
    """An id: monospace, selected whole by a click, with a copy button where JavaScript runs."""
    return copy_id(value)


@register.simple_tag(takes_context=True)
def may_open(context: Context, path: str) -> bool:
    """Whether a link to this page of ours works for who reads the page."""
    request = context.get("request")
    return bool(path) and (request is None or leading.may_open(request.user, path))


@register.simple_tag(takes_context=True, name="copy_id")
def id_for(context: Context, value: Any, account: str = "", *, short: bool = False, out: bool = False) -> SafeString:
    """An id as `copy_id` draws it, with the way out for those for whom it works."""
    return copy_id(value, account, short=short, out=out and may_open(context, links.out_path(str(value), account)))


def copy_id(value: Any, account: str = "", *, short: bool = False, out: bool = False) -> SafeString:
    """An id as `stripe_id` does; `short` leaves out its middle, `out` adds the way to Stripe's Dashboard."""
    if not value:
        return DASH
    text = str(value)
    shown = formats.shorten(text) if short else text
    title = format_html(' title="{}"', text) if shown != text else ""
    link = _out_link(text, account) if out else ""
    return format_html('<span class="id" data-copy="{}"{}><code>{}</code>{}</span>', text, title, shown, link)


def _out_link(object_id: str, account: str) -> SafeString | str:
    path = links.out_path(object_id, account)
    if not path:
        return ""
    return format_html(
        '<a class="id-out" href="{}" aria-label="{}">{}</a>', path, f"{object_id} in Stripe’s Dashboard", icon("out")
    )


@register.filter
def money(amount: Any, currency: str | None = "") -> SafeString:
    """Minor units as the currency writes them, its code small behind; a dash for what is no amount."""
    if isinstance(amount, bool) or not isinstance(amount, int):
        return DASH
    code = str(currency or "").upper()
    unit = format_html(' <span class="unit">{}</span>', code) if code else ""
    return format_html('<span class="money">{}{}</span>', formats.money(amount, code), unit)


@register.filter
def when(value: Moment) -> SafeString:
    """A moment to the minute in UTC; the second and the weekday in its title."""
    return _time(value, formats.minute)


@register.filter
def in_list(value: Moment) -> SafeString:
    """A moment to the minute as a column of a list has it, whose heading says UTC; the whole of it in its title."""
    return _time(value, formats.in_list)


@register.filter
def exact(value: Moment) -> SafeString:
    """A moment to the second in UTC."""
    return _time(value, formats.second)


@register.filter
def day(value: Moment) -> SafeString:
    """A moment's day in UTC; the rest in its title."""
    return _time(value, formats.day)


@register.filter
def ago(value: Moment) -> SafeString:
    """How long ago by Stripe's clock: for Stripe's objects."""
    return _time(value, lambda at: formats.ago(at, clock.now()))


@register.filter
def wall_ago(value: Moment) -> SafeString:
    """How long ago by the wall clock: for what staff and machines did."""
    return _time(value, lambda at: formats.ago(at, timezone.now()))


def _time(value: Moment, words: Any) -> SafeString:
    at = formats.as_datetime(value)
    if at is None:
        return DASH
    machine = at.isoformat().replace("+00:00", "Z")
    return format_html('<time datetime="{}" title="{}">{}</time>', machine, formats.second(at), words(at))


@register.filter
def band_clock(value: Moment) -> str:
    """A moment as the band says it: "Tue 24 Nov 2026, 14:09 UTC"."""
    at = formats.as_datetime(value)
    return f"{at:%a} {formats.minute(at)}" if at else ""


@register.filter
def clock_time(value: Moment) -> SafeString:
    """The hour and minute of a moment in UTC, for timelines that say the day above."""
    return _time(value, lambda at: f"{at:%H:%M}")


@register.filter
def clock_seconds(value: Moment) -> SafeString:
    """The same to the second."""
    return _time(value, lambda at: f"{at:%H:%M:%S}")


@register.filter
def iso(value: Any) -> datetime | None:
    """A moment of an ISO string, as our own JSON holds it."""
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


@register.filter
def duration(value: timedelta | None) -> str:
    """A span's largest whole unit: "4 s", "11 min", "171 days"."""
    return formats.span(value) if isinstance(value, timedelta) else "–"


@register.simple_tag
def fuse(deadline: Moment, start: Moment = None, *, short: bool = False) -> SafeString:
    """Time left: words, then a bar of what remains of the time since `start`. A dash where nothing is due."""
    at = formats.as_datetime(deadline)
    if at is None:
        return DASH
    left = formats.time_left(at, clock.now(), formats.as_datetime(start))
    bar = format_html(
        '<svg class="fuse-bar" width="80" height="4" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="fuse-track" width="100" height="4"/><rect class="fuse-left" width="{}" height="4"/></svg>',
        left.share,
    )
    words = _time(at, lambda _: left.short if short else left.words)
    return format_html('<span class="fuse {}">{}{}</span>', left.tone, words, bar)


@register.simple_tag
def countdown(until: Moment) -> SafeString:
    """Minutes and seconds until a moment of Stripe's clock; where JavaScript runs it goes on counting."""
    at = formats.as_datetime(until)
    if at is None:
        return DASH
    left = at - clock.now()
    words = f"{formats.countdown(left)} left" if left > timedelta(0) else "ran out"
    return format_html(
        '<time class="countdown" datetime="{}" title="{}" data-seconds="{}">{}</time>',
        at.isoformat().replace("+00:00", "Z"),
        formats.second(at),
        max(int(left.total_seconds()), 0),
        words,
    )


@register.simple_tag
def whose(who: str) -> SafeString:
    """Whose move it is: staff, holder or stripe, by sign and word and never by colour."""
    sign, word = moves.WORDS.get(str(who), ("ring", str(who) or "–"))
    return format_html('<span class="whose whose-{}">{} {}</span>', who, icon(sign), word)


@register.simple_tag
def who_may(*permissions: str) -> str:
    """Who has all of these permissions, to begin a sentence with: "An administrator"."""
    return roles.who_may(*permissions)


@register.simple_tag
def rule_link(name: str, words: str = "Stripe’s rule") -> SafeString:
    """The way to the page of Stripe's that a rule comes from (console.shell.nouns.rules)."""
    return format_html(
        '<a class="rule" href="{}" rel="noreferrer">{} {}</a>', nouns.rules()[name], words, icon("out", 14)
    )


@register.filter
def grouped(value: Any) -> str:
    """A count with its thousands apart: "1,284"; what is no number stays as it came."""
    return f"{value:,}" if isinstance(value, int) else str(value)


@register.filter
def counted(value: int) -> str:
    """How many there are, which nobody counts beyond COUNTED: "1,000+"."""
    return f"{nouns.COUNTED:,}+" if value >= nouns.COUNTED else grouped(value)


@register.filter(is_safe=True)
def capital(value: Any) -> str:
    """Words with their first letter large, the rest as it came ("ID" stays "ID")."""
    text = str(value)
    return text[:1].upper() + text[1:]


@register.filter
def no_rows(plural: Any) -> str:
    """The heading of a list that has no rows yet: "No disputes yet"."""
    return f"No {plural} yet"


@register.filter
def tone(level_tag: str) -> str:
    """The tone of a message by the level that Django's messages give it."""
    return TONES.get(level_tag, "info")


@register.filter
def tone_icon(name: str) -> str:
    """The sign that stands beside a tone, so that colour is never alone."""
    return TONE_ICONS.get(name, "info")


@register.filter
def flat(params: dict[str, Any]) -> list[tuple[str, str]]:
    """Nested parameters as Stripe's wire names them: [("company[name]", "Kestrel"), …]."""
    return [(name, formats.shown(value)) for name, value in formats.flat(params)]


@register.filter
def text(data: Any, path: str) -> str:
    """What lies at a dotted path of Stripe's data, whatever its shape (gateway.shapes)."""
    return shapes.shown_at(data, path)


@register.filter
def name(data: Any, path: str) -> str:
    """The same as a name: "" where nobody could see it."""
    return shapes.name_at(data, path)


@register.filter
def pretty_json(value: Any) -> str:
    """Data as indented JSON; the template escapes it. What would turn a line round is written as JSON escapes it."""
    written = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return texts.TURNING.sub(lambda found: f"\\u{ord(found[0]):04x}", shapes.printable(written))


@register.simple_block_tag
def empty_state(content: str, heading: str) -> SafeString:
    """Where rows would be and are none: a heading, and between the tags what makes them come."""
    return render_to_string("console/parts/empty.html", {"heading": heading, "text": SafeString(content.strip())})


@register.inclusion_tag("console/parts/field.html")
def field(bound: BoundField, hint: str = "") -> dict[str, Any]:
    """A form's field: label above, hint below, what is wrong under it."""
    widget, hint = bound.field.widget, str(hint or bound.help_text)
    return {
        "field": bound,
        "hint": hint,
        "notes": ([f"{bound.auto_id}_helptext"] if hint else []) + ([f"{bound.auto_id}_error"] if bound.errors else []),
        "is_group": isinstance(widget, (RadioSelect, CheckboxSelectMultiple)),
        "is_checkbox": isinstance(widget, CheckboxInput),
    }


@register.filter
def chosen(choices: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """Of a list filter's choices the one that is set; None while it says "All". `clear` is the way back to that."""
    every = list(choices)
    picked = next((choice for choice in every[1:] if choice["selected"]), None)
    return {**picked, "clear": every[0]["query_string"]} if picked else None


@register.filter
def labelled(cells: Iterable[str], headers: list[dict[str, Any]]) -> Iterator[str]:
    """The admin's cells of one row, each told its column's name: on a phone a row is a block of names and values."""
    for cell, header in zip(cells, headers, strict=False):
        name = "" if "action-checkbox" in str(header.get("class_attrib", "")) else str(header["text"])
        empty = " data-empty" if cell.endswith(">–</td>") else ""
        yield mark_safe(f'{cell[:3]} data-label="{escape(capital(name))}"{empty}{cell[3:]}')  # noqa: S308  (the admin's own markup)
