"""The beginnings of addresses that are an account's, as in Stripe's Dashboard."""

from django.urls import register_converter
from django.urls.converters import StringConverter


class AccountIdConverter(StringConverter):
    """The id of a connected account in an address."""

    regex = "acct_[A-Za-z0-9]+"


register_converter(AccountIdConverter, "acct")

ACCOUNT = "connect/accounts/<acct:account_id>"  # as the platform sees it
VIEWED = "<acct:account_id>"  # viewed as it
OBJECT = "<str:object_id>"
