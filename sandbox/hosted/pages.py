"""The hosted onboarding form that an account link opens, standing in for Stripe's own. No JavaScript.

Visiting a link burns it and begins a visit, which has an unguessable address of its own so that the form can be sent in
several steps. It ends at the link's `return_url`; a link that is used or old leads to its `refresh_url`.
"""

import re
import secrets
from typing import Any
from urllib.parse import quote, urlsplit

from sandbox.hosted import drawing
from sandbox.hosted.fields import nested, typed
from sandbox.hosted.steps import EITHER, Acceptance, Step, carry_out, steps
from sandbox.nouns.account_links import LINK
from sandbox.rules.facts import lookup
from sandbox.rules.formats import Context, faults
from sandbox.world.account_record import AccountRecord
from sandbox.world.errors import StripeError
from sandbox.world.noun import Page, route_page

Data = dict[str, Any]

VISIT, STYLE = "/setup/c/", "/setup/style.css"
VISIT_LIFE = 3600  # seconds
Reply = tuple[int, dict[str, str], str]


def redirect(url: str) -> Reply:
    """303, so that a form that was posted is not posted on."""
    return 303, {"Location": quote(url, safe=":/?#[]@!$&'()*+,;=%~")}, ""


def draw(status: int, title: str, content: str, *targets: str) -> Reply:
    """A page of the form; it may redirect to the origins of `targets` and load nothing but its stylesheet."""
    origins = " ".join(sorted({"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in targets}))
    policy = f"default-src 'none'; style-src 'self'; form-action 'self' {origins}".rstrip()
    headers = {"Content-Security-Policy": f"{policy}; frame-ancestors 'none'; base-uri 'none'"}
    return status, headers, drawing.whole(title, content)


def _gone() -> Reply:
    words = "This address leads nowhere. Ask the platform that sent you here for a new link."
    return draw(404, "Not found", drawing.message("This link is not valid", words))


@route_page("GET", STYLE)
def style(page: Page) -> Reply:
    """The one stylesheet."""
    headers = {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "max-age=300"}
    return 200, headers, drawing.stylesheet()


@route_page("GET", "/favicon.ico")
def icon(page: Page) -> Reply:
    """None: browsers ask for it, and would log a 404 as an error."""
    return 204, {}, ""


@route_page("GET", LINK)
def enter(page: Page) -> Reply:
    """Burn the link and begin the visit."""
    store, now = page.world.store, page.world.now
    account_id, _, link_id = page.path.removeprefix(LINK).partition("/")
    link = store.get("account_link", link_id)
    if link is None or link["account"] != account_id:
        return _gone()
    if link["used_at"] is not None or now >= link["expires_at"] or store.get("account", account_id) is None:
        return redirect(link["refresh_url"])
    store.put("account_link", {**link, "used_at": now})
    kept = {name: link[name] for name in ("account", "type", "fields", "future", "refresh_url", "return_url")}
    visit = {"id": secrets.token_urlsafe(24), **kept, "done": [], "ends": now + VISIT_LIFE}
    store.put("onboarding_visit", visit)
    return redirect(VISIT + visit["id"])


@route_page("GET", VISIT)
def show(page: Page) -> Reply:
    """The step that comes next."""
    opened = _open(page)
    if not isinstance(opened, Visit):
        return opened
    step = opened.step()
    return opened.form(step, opened.known(step), opened.complaints(step))


@route_page("POST", VISIT)
def submit(page: Page) -> Reply:
    """Save a step and go on, fill it with test values, or leave for later."""
    opened = _open(page)
    if not isinstance(opened, Visit):
        return opened
    step, action = opened.step(), page.form.get("do", "save")
    if page.form.get("step", step.name) != step.name:  # sent twice, or from an older page
        return redirect(page.path)
    if action == "prefill":
        return opened.form(step, {**opened.known(step), **{key: field.test for key, field in step.fields.items()}}, {})
    if action == "later":
        opened.keep_what_is_right(step)
        return redirect(opened.visit["return_url"])
    return opened.save(step)


def _open(page: Page) -> "Visit | Reply":
    store = page.world.store
    visit = store.get("onboarding_visit", page.path.removeprefix(VISIT).strip("/"))
    if visit is None:
        return _gone()
    account = store.get("account", visit["account"])
    if account is None or page.world.now >= visit["ends"]:
        return redirect(visit["refresh_url"])
    return Visit(page, visit, AccountRecord(page.world, account))


class Visit:
    """A holder going through the form."""

    def __init__(self, page: Page, visit: Data, record: AccountRecord) -> None:
        self.page, self.visit, self.record = page, visit, record

    def step(self) -> Step:
        """What is asked now."""
        return steps(self.record, self.visit)[0]

    def known(self, step: Step) -> dict[str, str]:
        """What the fields hold already, as text; numbers that are secret are not known to anybody."""
        source = self._subject(step)
        shown = {}
        for key, field in step.fields.items():
            value = None if field.kind == "secret" or key.endswith("document") else lookup(source, key)
            if value is not None and field.kind == "money":
                value = f"{value / 100:.2f}"
            shown[key] = "" if value is None else str(value)
        if step.kind == "business" and "business_profile.annual_revenue.currency" in shown:
            shown["business_profile.annual_revenue.currency"] = self.record.account["default_currency"]
        return shown

    def _subject(self, step: Step) -> Data | None:
        if step.kind in ("type", "business"):
            return self.record.account
        if step.kind != "person" or step.subject.startswith("new_"):
            return None
        return self.record.facts().individual if step.subject == "individual" else self.record.person(step.subject)

    def complaints(self, step: Step) -> dict[str, str]:
        """What Stripe has found wrong with these fields."""
        prefix = f"{step.subject}." if step.kind == "person" else ""
        errors = self.record.account["requirements"]["errors"]
        found = {error["requirement"].removeprefix(prefix): error["reason"] for error in errors}
        return {key: reason for key, reason in found.items() if key in step.fields}

    def form(self, step: Step, values: dict[str, str], errors: dict[str, str]) -> Reply:
        """The step as a page."""
        left, done = len(steps(self.record, self.visit)), len(self.visit["done"])
        sheet = drawing.Sheet(self.page.path, self.title(), done + 1, done + left)
        targets = (self.visit["return_url"], self.visit["refresh_url"])
        return draw(200, step.heading, drawing.step(sheet, step, values, errors), *targets)

    def title(self) -> str:
        """Whose account this is."""
        own = self.record.account
        person = self.record.facts().individual or {}
        name = " ".join(filter(None, (person.get("first_name"), person.get("last_name"))))
        return str(own["business_profile"]["name"] or own["company"]["name"] or name or own["id"])

    def read(self, step: Step) -> tuple[Data, dict[str, str]]:
        """The values that were sent, typed, and what is wrong with them in words."""
        values: Data = {}
        errors = {}
        for key, field in step.fields.items():
            text = self.page.form.get(key, "").strip()
            if not text:
                continue
            try:
                values[key] = typed(field, text)
            except ValueError as error:
                errors[key] = str(error)
        params, context = nested(values), Context(self.record.account["country"], self.page.world.now)
        if len(params.get("dob") or ()) < 3:  # a part is missing, which is reported as such
            params.pop("dob", None)
        return values, {_field_of(fault.param, step): fault.message for fault in faults(params, context)} | errors

    def missing(self, step: Step, values: Data) -> dict[str, str]:
        """Fields that must not stay empty. Secret ones may where they were given before and are not asked for now."""
        due = self.record.account["requirements"]["eventually_due"]
        prefix = f"{step.subject}." if step.kind == "person" else ""
        partners = {key: other for a, b in EITHER for key, other in ((a, b), (b, a))}
        subject, errors = self._subject(step) or {}, dict[str, str]()
        for key, field in step.fields.items():
            if key in values or field.optional or partners.get(key) in (*values, *errors):
                continue
            if field.kind == "secret" and lookup(subject, f"{key}_provided") and prefix + key not in due:
                continue
            errors[key] = "Please accept to go on." if field.kind == "check" else "Please fill this in."
            if key in partners:
                errors[key] = "Please fill in this, or what comes next."
        return errors

    def save(self, step: Step) -> Reply:
        """Carry the step out and go on, or show it again with what is wrong."""
        values, errors = self.read(step)
        errors = {**self.missing(step, values), **errors}
        if not errors:
            try:
                self._carry_out(step, values)
            except StripeError as error:
                errors = {_field_of(error.param or "", step): error.message}
        if errors:
            typed_in = {
                key: self.page.form.get(key, "") for key, field in step.fields.items() if field.kind != "secret"
            }
            return self.form(step, typed_in, errors)
        if step.subject == f"new_{self.visit.get('adding')}":
            del self.visit["adding"]
        if step.kind == "role" and values["choice"] == "other":
            self.visit["adding"] = step.subject
        self.visit["done"].append(step.name)
        if step.kind == "terms":
            self.visit["ends"] = self.page.world.now
        self.page.world.store.put("onboarding_visit", self.visit)
        return redirect(self.visit["return_url"] if step.kind == "terms" else self.page.path)

    def _carry_out(self, step: Step, values: Data) -> None:
        agent = self.page.headers.get("user-agent", "")[:500]
        carry_out(self.record, step, values, Acceptance(self.page.world.now, self.page.remote_ip, agent))
        self.record.settle()

    def keep_what_is_right(self, step: Step) -> None:
        """On leaving for later, save what can be saved of a step that is about the business or a known person."""
        values, errors = self.read(step)
        right = {key: value for key, value in values.items() if key not in errors}
        if right and (step.kind == "business" or (step.kind == "person" and self._subject(step))):
            whole_birth = all(f"dob.{part}" in right for part in ("day", "month", "year"))
            kept = {key: value for key, value in right.items() if whole_birth or not key.startswith("dob.")}
            self._carry_out(step, kept)


def _field_of(param: str, step: Step) -> str:
    """The field that a parameter such as `company[address][city]` belongs to; "" for the form as a whole."""
    key = re.sub(r"\[(\w+)\]", r".\1", param).removeprefix("external_account.")
    return next((name for name in step.fields if name == key or name.startswith(f"{key}.")), "") if key else ""
