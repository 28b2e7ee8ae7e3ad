"""Addresses of the Issuing room: Stripe's Dashboard's own paths."""

from django.urls import path

from issuing import views

ACCOUNT = "<acct:account_id>"

urlpatterns = [
    path(f"{ACCOUNT}/issuing/overview", views.overview, name="issuing_overview"),
    path(f"{ACCOUNT}/issuing/cardholders", views.cardholders, name="cardholders"),
    path(f"{ACCOUNT}/issuing/cardholders/<str:cardholder_id>", views.cardholder, name="cardholder"),
    path(f"{ACCOUNT}/issuing/cards", views.cards, name="cards"),
    path(f"{ACCOUNT}/issuing/cards/<str:card_id>", views.card, name="card"),
    path(f"{ACCOUNT}/issuing/authorizations", views.authorizations, name="authorizations"),
    path(f"{ACCOUNT}/issuing/authorizations/<str:authorization_id>", views.authorization, name="authorization"),
    path(f"{ACCOUNT}/issuing/transactions", views.transactions, name="transactions"),
    path(f"{ACCOUNT}/issuing/transactions/<str:transaction_id>", views.transaction, name="transaction"),
    path(f"{ACCOUNT}/balance/overview", views.balances, name="balances"),
    path(f"{ACCOUNT}/topups", views.topups, name="topups"),
    path(f"{ACCOUNT}/topups/<str:topup_id>", views.topup, name="topup"),
]
