"""Addresses of the accounts room: Stripe's Dashboard's own paths."""

from django.urls import path

from accounts.account import pages as account_pages
from accounts.onboarding import pages as onboarding_pages
from accounts.terms import pages

ACCOUNT = "connect/accounts/<acct:account_id>"

urlpatterns = [
    path("connect/accounts", account_pages.account_list, name="accounts"),
    path("connect/accounts/record-acceptances", pages.record_many, name="record_acceptances"),
    path(ACCOUNT, account_pages.account, name="account"),
    path(f"{ACCOUNT}/live", account_pages.live, name="account_live"),
    path(f"{ACCOUNT}/refresh", account_pages.refresh, name="account_refresh"),
    path(f"{ACCOUNT}/return", onboarding_pages.return_from_stripe, name="return_from_stripe"),
    path(f"{ACCOUNT}/link-used", onboarding_pages.refresh_link, name="refresh_link"),
    path("<acct:account_id>/activity", account_pages.activity, name="activity"),
]
