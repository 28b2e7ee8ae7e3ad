"""Addresses of the Issuing room: Stripe's Dashboard's own paths."""

from django.urls import path

from console.lists.listing import ListView
from issuing.authorizations.pages import AUTHORIZATIONS, AuthorizationPage
from issuing.balances.pages import BalancesPage
from issuing.cardholders.pages import CARDHOLDERS, CardholderPage
from issuing.cards.pages import CARDS, CardPage
from issuing.overview.pages import OverviewPage
from issuing.topups.pages import TOPUPS, TopupPage
from issuing.transactions.pages import TRANSACTIONS, TransactionPage

ACCOUNT = "<acct:account_id>"
OBJECT = "<str:object_id>"

urlpatterns = [
    path(f"{ACCOUNT}/issuing/overview", OverviewPage.as_view(), name="issuing_overview"),
    path(f"{ACCOUNT}/issuing/cardholders", ListView.as_view(listing=CARDHOLDERS), name="cardholders"),
    path(f"{ACCOUNT}/issuing/cardholders/{OBJECT}", CardholderPage.as_view(), name="cardholder"),
    path(f"{ACCOUNT}/issuing/cards", ListView.as_view(listing=CARDS), name="cards"),
    path(f"{ACCOUNT}/issuing/cards/{OBJECT}", CardPage.as_view(), name="card"),
    path(f"{ACCOUNT}/issuing/authorizations", ListView.as_view(listing=AUTHORIZATIONS), name="authorizations"),
    path(f"{ACCOUNT}/issuing/authorizations/{OBJECT}", AuthorizationPage.as_view(), name="authorization"),
    path(f"{ACCOUNT}/issuing/transactions", ListView.as_view(listing=TRANSACTIONS), name="transactions"),
    path(f"{ACCOUNT}/issuing/transactions/{OBJECT}", TransactionPage.as_view(), name="transaction"),
    path(f"{ACCOUNT}/balance/overview", BalancesPage.as_view(), name="balances"),
    path(f"{ACCOUNT}/topups", ListView.as_view(listing=TOPUPS), name="topups"),
    path(f"{ACCOUNT}/topups/{OBJECT}", TopupPage.as_view(), name="topup"),
]
