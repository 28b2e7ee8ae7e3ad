"""The hosted onboarding form, walked through by a visitor without JavaScript."""

import pytest

from tests.sandbox.browse import Form, browse, read
from tests.sandbox.nouns.test_account_links import REFRESH, RETURN, link
from tests.sandbox.stock import SOMEBODY, Stock


class Visitor:
    """Somebody who opened an account link."""

    def __init__(self, stock: Stock, account_id: str, **options: str | dict) -> None:
        self.box = stock.box
        path = link(stock, account_id, **options)["url"].removeprefix(stock.box.url)
        self.path = browse(self.box, "GET", path)[1]["Location"]

    def look(self) -> Form:
        return read(browse(self.box, "GET", self.path)[2])

    def send(self, do: str = "save", **values: str) -> Form | str:
        """The next form, or where the visitor was sent."""
        status, headers, text = browse(self.box, "POST", self.path, {**values, "do": do})
        if status == 303:
            return self.look() if headers["Location"] == self.path else headers["Location"]
        assert status == 200
        return read(text)

    def test_values(self) -> dict[str, str]:
        form = self.send("prefill")
        assert isinstance(form, Form)
        return form.values

    def walk(self) -> tuple[list[str], str]:
        """Fill in everything with test values: (headings, where it ended)."""
        headings = [self.look().heading]
        for _ in range(12):
            after = self.send(**{**self.test_values(), "do": "save"})
            if isinstance(after, str):
                return headings, after
            assert after.errors == []
            headings.append(after.heading)
        raise AssertionError("The form has no end.")


def test_company_walks_through_and_works(stock: Stock) -> None:
    account_id = stock.account()["id"]
    headings, end = Visitor(stock, account_id).walk()
    assert headings == [
        "What kind of business is it?",
        "About the business",
        "About its representative",
        "Owners",
        "Where payouts go",
        "Terms",
    ]
    assert end == RETURN
    account = stock.read(account_id)
    assert account["details_submitted"] is True
    assert account["tos_acceptance"]["ip"] == "127.0.0.1"
    assert account["settings"]["card_issuing"]["tos_acceptance"]["user_agent"] == "Tests/1.0"
    assert account["capabilities"]["card_issuing"] == "pending"
    stock.advance("2s")
    assert stock.read(account_id)["capabilities"] == {"card_issuing": "active", "transfers": "active"}


def test_individual_walks_through_and_works(stock: Stock) -> None:
    account_id = stock.account(business_type="individual")["id"]
    headings, _ = Visitor(stock, account_id).walk()
    assert headings == ["About the business", "About you", "Where payouts go", "Terms"]
    stock.advance("2s")
    assert stock.read(account_id)["capabilities"]["card_issuing"] == "active"


def test_british_company_walks_through_without_a_state(stock: Stock) -> None:
    account_id = stock.account(country="GB", business_type="company")["id"]
    visitor = Visitor(stock, account_id)
    values = {name: value for name, value in visitor.test_values().items() if name != "company.address.state"}
    after = visitor.send(**values)
    assert isinstance(after, Form)
    assert after.errors == []
    headings, _ = visitor.walk()
    assert "Directors" in headings
    stock.advance("2s")
    assert stock.read(account_id)["capabilities"]["card_issuing"] == "active"


def test_express_account_signs_its_own_terms(stock: Stock) -> None:
    params = {"type": "express", "country": "US", "capabilities": {"transfers": {"requested": True}}}
    account_id = stock.v1.accounts.create(params).id
    Visitor(stock, account_id).walk()
    stock.advance("2s")
    assert stock.read(account_id)["capabilities"] == {"transfers": "active"}


def test_form_asks_only_for_what_is_due(stock: Stock) -> None:
    account = stock.company()
    stock.act(account["id"], "require", keys=["company.structure"], deadline="6d")
    visitor = Visitor(stock, account["id"])
    assert set(visitor.look().values) == {"step", "company.structure"}
    headings, _ = visitor.walk()
    assert headings == ["About the business", "All done"]
    assert stock.read(account["id"])["requirements"]["currently_due"] == []


def test_questions_of_stripe_itself_can_be_answered_here_alone(stock: Stock) -> None:
    account = stock.company()
    key = "interv_1AbC.business_model_verification.form"
    stock.act(account["id"], "require", keys=[key], deadline="6d")
    visitor = Visitor(stock, account["id"])
    assert key in visitor.look().values
    visitor.walk()
    assert stock.read(account["id"])["requirements"]["currently_due"] == []


def test_eventually_due_is_asked_when_wanted(stock: Stock) -> None:
    person = {name: value for name, value in SOMEBODY.items() if name != "id_number"}
    account_id = stock.account(business_type="individual", individual={**person, "ssn_last_4": "0000"})["id"]
    headings = [Visitor(stock, account_id, **options).walk()[0] for options in ({}, {"collect": "eventually_due"})]
    assert "About you" not in headings[0]
    assert "About you" in headings[1]
    assert stock.read(account_id)["individual"]["id_number_provided"] is True


def test_update_shows_what_is_known_but_no_secret(stock: Stock) -> None:
    account = stock.company()
    form = Visitor(stock, account["id"], type="account_update").look()
    assert form.values["company.name"] == "Rocket Rides"
    assert form.values["company.tax_id"] == ""
    assert form.values["business_profile.annual_revenue.amount"] == "250000.00"
    onboarding = Visitor(stock, account["id"]).look()
    assert onboarding.heading == "All done"


def test_update_changes_what_was_edited_and_asks_no_secret_again(stock: Stock) -> None:
    account = stock.company()
    visitor = Visitor(stock, account["id"], type="account_update")
    values = visitor.look().values
    after = visitor.send(**{**values, "business_profile.estimated_worker_count": "77"})
    assert isinstance(after, Form)
    assert after.errors == []
    assert stock.read(account["id"])["business_profile"]["estimated_worker_count"] == 77
    assert stock.read(account["id"])["company"]["tax_id_provided"] is True


def test_mistakes_get_words_and_keep_what_was_typed_but_secrets(stock: Stock) -> None:
    visitor = Visitor(stock, stock.account(business_type="company")["id"])
    values = {**visitor.test_values(), "company.phone": "call me", "company.name": "Kept Ltd", "company.tax_id": "999"}
    form = visitor.send(**{**values, "do": "save"})
    assert isinstance(form, Form)
    assert any("valid phone number" in words for words in form.errors)
    assert any("9 digits" in words for words in form.errors)
    assert (form.values["company.name"], form.values["company.phone"]) == ("Kept Ltd", "call me")
    assert form.values["company.tax_id"] == ""
    assert stock.v1.events.list({"type": "account.updated"}).data == []


def test_empty_form_says_what_is_missing(stock: Stock) -> None:
    visitor = Visitor(stock, stock.account(business_type="company")["id"])
    form = visitor.send()
    assert isinstance(form, Form)
    assert form.errors.count("Please fill this in.") > 8


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("dob.day", "31st"),
        ("dob.day", "31"),
        ("email", "jane"),
        ("first_name", "R2D2"),
        ("ssn_last_4", "12345"),
        ("address.postal_code", "ABC"),
    ],
)
def test_bad_values_of_a_person_are_told_beside_the_field(stock: Stock, key: str, value: str) -> None:
    account_id = stock.account(business_type="individual", business_profile={"mcc": "4121"})["id"]
    visitor = Visitor(stock, account_id)
    visitor.send(**{**visitor.test_values(), "do": "save"})
    change = {"dob.month": "2", key: value} if key == "dob.day" else {key: value}
    form = visitor.send(**{**visitor.test_values(), **change, "do": "save"})
    assert isinstance(form, Form)
    assert len(form.errors) == 1
    assert "individual" not in stock.read(account_id)


def test_bank_refusals_are_told_beside_the_field(stock: Stock) -> None:
    account = stock.company()
    bank_id = account["external_accounts"]["data"][0]["id"]
    assert bank_id
    other = stock.account(business_type="company", company={"name": "A"})
    visitor = Visitor(stock, other["id"])
    for _ in range(3):
        visitor.send(**{**visitor.test_values(), "do": "save"})
    form = visitor.send(**{**visitor.test_values(), "routing_number": "123456789", "do": "save"})
    assert isinstance(form, Form)
    assert form.errors == ["Invalid routing number for US."]


def test_terms_must_be_accepted(stock: Stock) -> None:
    account_id = stock.company()["id"]
    stock.update(account_id, company={"tax_id": "000000000"})
    visitor = Visitor(stock, account_id)
    assert visitor.look().heading == "Terms"
    form = visitor.send(services="yes")
    assert isinstance(form, Form)
    assert form.errors == ["Please accept to go on."]
    assert visitor.send(services="yes", issuing="yes") == RETURN


def test_nobody_owns_much(stock: Stock) -> None:
    account_id = stock.account(business_type="company")["id"]
    visitor = Visitor(stock, account_id)
    visitor.send(**{**visitor.test_values(), "do": "save"})
    visitor.send(**{**visitor.test_values(), "do": "save"})
    after = visitor.send(choice="nobody")
    assert isinstance(after, Form)
    assert stock.read(account_id)["company"]["owners_provided"] is True


def test_another_owner_gets_a_form_of_their_own(stock: Stock) -> None:
    account_id = stock.account(business_type="company")["id"]
    visitor = Visitor(stock, account_id)
    visitor.send(**{**visitor.test_values(), "do": "save"})
    visitor.send(**{**visitor.test_values(), "do": "save"})
    after = visitor.send(choice="other")
    assert isinstance(after, Form)
    assert after.heading == "About the owner"
    visitor.walk()
    owners = stock.v1.accounts.persons.list(account_id, {"relationship": {"owner": True}}).data
    assert [owner.relationship.representative for owner in owners] == [False]


def test_save_for_later_returns_with_what_was_right(stock: Stock) -> None:
    account_id = stock.account(business_type="company")["id"]
    visitor = Visitor(stock, account_id)
    assert visitor.send("later", **{"company.name": "Half Done", "company.phone": "nonsense"}) == RETURN
    company = stock.read(account_id)["company"]
    assert (company["name"], company.get("phone")) == ("Half Done", None)


def test_finished_visit_and_old_visit_lead_to_refresh(stock: Stock) -> None:
    account_id = stock.company()["id"]
    visitor = Visitor(stock, account_id)
    assert visitor.send() == RETURN
    assert browse(stock.box, "GET", visitor.path)[1]["Location"] == REFRESH
    other = Visitor(stock, account_id)
    stock.advance("1h")
    assert browse(stock.box, "GET", other.path)[1]["Location"] == REFRESH


def test_step_sent_twice_is_taken_once(stock: Stock) -> None:
    visitor = Visitor(stock, stock.account(business_type="company")["id"])
    values = {**visitor.test_values(), "do": "save"}
    first, second = visitor.send(**values), visitor.send(**values)
    assert isinstance(first, Form)
    assert isinstance(second, Form)
    assert first.heading == second.heading == "About its representative"


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "${content}",
    "$action",
    "x" * 900,
    "\u202eevil",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_only_words(stock: Stock, name: str) -> None:
    account_id = stock.account(business_type="company", company={"name": name})["id"]
    visitor = Visitor(stock, account_id, type="account_update")
    status, headers, text = browse(stock.box, "GET", visitor.path)
    form = read(text)
    assert (status, form.scripts) == (200, 0)
    assert form.values["company.name"] == name
    assert "<img" not in text
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; form-action 'self' http://127.0.0.1:1")
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "same-origin"


def test_stylesheet_is_served(stock: Stock) -> None:
    status, headers, text = browse(stock.box, "GET", "/setup/style.css")
    assert (status, headers.get_content_type()) == (200, "text/css")
    assert "prefers-color-scheme: dark" in text
