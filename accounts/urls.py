"""Addresses of the accounts room: Stripe's Dashboard's own paths."""

from django.urls import path

from accounts import terms_views, views

ACCOUNT = "connect/accounts/<acct:account_id>"

urlpatterns = [
    path("connect/accounts", views.account_list, name="accounts"),
    path("connect/accounts/record-acceptances", terms_views.record_many, name="record_acceptances"),
    path(ACCOUNT, views.account, name="account"),
    path(f"{ACCOUNT}/live", views.live, name="account_live"),
    path(f"{ACCOUNT}/refresh", views.refresh, name="account_refresh"),
    path(f"{ACCOUNT}/return", views.return_from_stripe, name="return_from_stripe"),
    path(f"{ACCOUNT}/link-used", views.refresh_link, name="refresh_link"),
    path("<acct:account_id>/activity", views.activity, name="activity"),
]
