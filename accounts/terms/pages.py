"""The address at which the acceptances of many accounts are recorded: each has its own date and address."""

from django.urls import path

from accounts.terms.verbs import RecordTerms
from console.operations.bulk import rows_page

urlpatterns = [
    path(
        "connect/accounts/record-acceptances",
        rows_page,
        {"verb_name": RecordTerms.name},
        name=RecordTerms.many_page,
    ),
]
