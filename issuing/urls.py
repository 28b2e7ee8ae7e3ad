"""Addresses of the Issuing room: Stripe's Dashboard's own paths."""

from django.urls import path

from issuing.authorizations import pages as authorizations_pages
from issuing.balances import pages as balances_pages
from issuing.cardholders import pages as cardholders_pages
from issuing.cards import pages as cards_pages
from issuing.overview import pages as overview_pages
from issuing.topups import pages as topups_pages
from issuing.transactions import pages as transactions_pages

ACCOUNT = "<acct:account_id>"

urlpatterns = [
    path(f"{ACCOUNT}/issuing/overview", overview_pages.overview, name="issuing_overview"),
    path(f"{ACCOUNT}/issuing/cardholders", cardholders_pages.cardholders, name="cardholders"),
    path(f"{ACCOUNT}/issuing/cardholders/<str:cardholder_id>", cardholders_pages.cardholder, name="cardholder"),
    path(f"{ACCOUNT}/issuing/cards", cards_pages.cards, name="cards"),
    path(f"{ACCOUNT}/issuing/cards/<str:card_id>", cards_pages.card, name="card"),
    path(f"{ACCOUNT}/issuing/authorizations", authorizations_pages.authorizations, name="authorizations"),
    path(
        f"{ACCOUNT}/issuing/authorizations/<str:authorization_id>",
        authorizations_pages.authorization,
        name="authorization",
    ),
    path(f"{ACCOUNT}/issuing/transactions", transactions_pages.transactions, name="transactions"),
    path(f"{ACCOUNT}/issuing/transactions/<str:transaction_id>", transactions_pages.transaction, name="transaction"),
    path(f"{ACCOUNT}/balance/overview", balances_pages.balances, name="balances"),
    path(f"{ACCOUNT}/topups", topups_pages.topups, name="topups"),
    path(f"{ACCOUNT}/topups/<str:topup_id>", topups_pages.topup, name="topup"),
]
