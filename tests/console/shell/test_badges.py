"""States as badges."""

import re
from pathlib import Path

import pytest

from accounts.capabilities import words as capability_words
from console.operations.models import Operation
from console.shell import badges, nouns
from gateway.models import Event

ICONS = set(re.findall(r'<symbol id="([^"]+)"', Path("static/console/icons.svg").read_text()))
TONES = {"ok", "warn", "bad", "info", "mute"}


@pytest.mark.parametrize("kind", sorted(nouns.badges()))
def test_every_badge_has_a_drawn_icon_and_a_known_tone(kind: str) -> None:
    for badge in nouns.badges()[kind].values():
        assert badge.icon in ICONS
        assert badge.tone in TONES
        assert badge.word


@pytest.mark.parametrize("name", sorted(capability_words.ISSUING))
def test_every_state_of_an_account_is_known_by_the_word_of_the_dashboard(name: str) -> None:
    assert nouns.badge(name, "issuing").word == capability_words.ISSUING[name]


@pytest.mark.parametrize(("kind", "states"), [("operation", Operation.State), ("event", Event.State)])
def test_every_state_of_ours_has_a_badge(kind: str, states: type[Operation.State] | type[Event.State]) -> None:
    assert set(states.values) <= set(nouns.badges()[kind])


def test_states_of_different_tone_differ_in_shape_too() -> None:
    known = [badge for kind in nouns.badges().values() for badge in kind.values()]
    bad_shapes = {badge.icon for badge in known if badge.tone == "bad"}
    assert not bad_shapes & {badge.icon for badge in known if badge.tone == "ok"}


def test_an_unknown_value_is_shown_as_it_came() -> None:
    assert nouns.badge("paused_by_moon", "card") == badges.Badge("ring", "paused_by_moon", "mute")
    assert nouns.badge("active", "no such kind").word == "active"
    assert nouns.badge(7, "card").word == "7"


@pytest.mark.parametrize("value", [None, ""])
def test_nothing_is_a_dash(value: object) -> None:
    assert nouns.badge(value, "card") is badges.NOTHING


def test_unknown_is_amber_and_not_red() -> None:
    assert nouns.badge("unknown", "operation").tone == "warn"
