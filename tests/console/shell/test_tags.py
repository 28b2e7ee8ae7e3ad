"""Template tags: what they draw, and that nothing they are given gets out unescaped."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from django import forms
from django.template import Context, Template
from django.utils.safestring import SafeString

from console.operations.preview import lines
from console.templatetags import console as tags
from gateway import clock

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7|add:7 }}{% debug %}",
    "&lt;b&gt;",
    "\u202egnp.exe",
    "a" * 5000,
]
pytestmark = pytest.mark.django_db  # Stripe's clock keeps its offset in the database


class Elements(HTMLParser):
    """Which elements and event handlers a piece of HTML really has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.handlers: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]


def draw(source: str, **values: object) -> str:
    return Template(source).render(Context(values))


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    "source",
    [
        "{% badge value 'account' %}",
        "{% badge value value value %}",
        "{{ value|stripe_id }}",
        "{% copy_id value value short=True out=True %}",
        "{{ 100|money:value }}",
        "{{ value|money:value }}",
        "{{ value|when }}{{ value|ago }}{{ value|day }}",
        "{% fuse value value %}{% countdown value %}",
        "{% whose value %}",
        "{% icon value %}",
        "{{ data|pretty_json }}",
        "{% for name, part in data|flat %}{{ name }}{{ part }}{% endfor %}",
        "{% for line in lines %}{{ line.name }}{{ line.value }}{{ line.was }}{% endfor %}",
        "{{ value|capital }}{{ value|grouped }}{{ value|shown }}{{ value|no_rows }}{{ value|tone }}",
    ],
)
def test_hostile_values_stay_text(source: str, value: str) -> None:
    data = {value: [value, {"a": value}]}
    found = Elements(draw(source, value=value, data=data, lines=lines(data, {value: [1, 2, {"b": value}]})))
    assert not found.names & {"script", "img", "b", "title"}
    assert not found.handlers


def test_a_badge_has_icon_and_word() -> None:
    html = draw("{% badge 'restricted' 'account' 'Issuing' %}")
    assert "#triangle" in html
    assert "Restricted" in html
    assert 'class="badge bad"' in html
    assert "Issuing" in html


def test_an_unknown_state_says_that_it_is_as_stripe_sent_it() -> None:
    assert "As Stripe sent it: moonlit" in draw("{% badge 'moonlit' 'card' %}")
    assert draw("{% badge None 'card' %}") == tags.DASH


def test_an_id_is_whole_for_copying_even_when_it_is_shortened() -> None:
    html = draw("{% copy_id 'acct_1R4bJkLw2mXsT7q' short=True %}")
    assert 'data-copy="acct_1R4bJkLw2mXsT7q"' in html
    assert "<code>acct_1R4b…sT7q</code>" in html
    assert draw("{{ ''|stripe_id }}") == tags.DASH


def test_an_id_leads_to_the_dashboard_where_it_has_a_page_there() -> None:
    assert 'href="/out/acct_1"' in draw("{% copy_id 'acct_1' out=True %}")
    assert "href" not in draw("{% copy_id 'xyz_1' out=True %}")


def test_money_has_its_code_small_behind_it() -> None:
    assert draw("{{ -123456|money:'usd' }}") == '<span class="money">−1,234.56 <span class="unit">USD</span></span>'
    assert draw("{{ 5|money:'' }}") == '<span class="money">0.05</span>'
    assert draw("{{ None|money:'usd' }}") == tags.DASH


def test_a_moment_carries_its_exact_time() -> None:
    html = draw("{{ at|when }}", at=datetime(2026, 11, 24, 14, 9, 3, tzinfo=UTC))
    assert 'datetime="2026-11-24T14:09:03Z"' in html
    assert 'title="Tue 24 Nov 2026, 14:09:03 UTC"' in html
    assert ">24 Nov 2026, 14:09 UTC<" in html
    assert draw("{{ None|when }}") == tags.DASH


def test_a_fuse_has_words_a_bar_and_no_inline_style() -> None:
    html = draw("{% fuse at %}", at=clock.now() - timedelta(minutes=11, seconds=5))
    assert "11 min overdue" in html
    assert 'class="fuse bad"' in html
    assert "style" not in html
    assert "11 min over<" in draw("{% fuse at short=True %}", at=clock.now() - timedelta(minutes=11, seconds=5))
    assert draw("{% fuse None %}") == tags.DASH


def test_a_countdown_ends_in_words() -> None:
    assert "4 min" in draw("{% countdown at %}", at=clock.now() + timedelta(minutes=5))
    ended = draw("{% countdown at %}", at=clock.now() - timedelta(minutes=5))
    assert "ran out" in ended
    assert 'data-seconds="0"' in ended


def test_whose_move_is_said_in_words() -> None:
    assert "Holder" in draw("{% whose 'holder' %}")
    assert "bank" in draw("{% whose 'bank' %}")


def test_parameters_are_named_as_on_the_wire() -> None:
    params = {"company": {"name": "Kestrel", "owners": [{"id": 1}]}, "live": True, "gone": None}
    assert tags.flat(params) == [(line.name, line.value) for line in lines(params)]
    assert tags.flat(params) == [
        ("company[name]", "Kestrel"),
        ("company[owners][0][id]", "1"),
        ("live", "true"),
        ("gone", '""'),
    ]


def test_a_filter_knows_what_is_set_and_the_way_back() -> None:
    choices = [
        {"selected": False, "query_string": "?", "display": "All"},
        {"selected": True, "query_string": "?kind=custom", "display": "Custom"},
    ]
    chosen = tags.chosen(choices)
    assert chosen
    assert (chosen["display"], chosen["clear"]) == ("Custom", "?")
    assert tags.chosen([{**choices[0], "selected": True}]) is None
    assert tags.chosen([]) is None


def test_cells_learn_the_name_of_their_column() -> None:
    cells = [SafeString('<td class="a">1</td>'), SafeString("<th>2</th>")]
    headers = [
        {"text": 'a "b" <c>', "class_attrib": ""},
        {"text": "box", "class_attrib": ' class="action-checkbox-column"'},
    ]
    first, second = tags.labelled(cells, headers)
    assert first == '<td data-label="A &quot;b&quot; &lt;c&gt;" class="a">1</td>'
    assert second == '<th data-label="">2</th>'


class Example(forms.Form):
    name = forms.CharField(help_text="As customers know it.")
    kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)
    sure = forms.BooleanField()
    note = forms.CharField(required=False, widget=forms.Textarea)
    token = forms.CharField(widget=forms.HiddenInput)


def test_a_field_is_tied_to_its_label_hint_and_error() -> None:
    form = Example({"token": "<x>"})
    html = draw("{% for bound in form %}{% field bound %}{% endfor %}", form=form)
    assert 'for="id_name"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_error"' in html
    assert "<fieldset" in html
    assert 'value="&lt;x&gt;"' in html
    assert "(optional)" in html
