"""What the shell may ask about acceptances of terms."""

from accounts.terms.verbs import RecordTerms
from console.shell.links import DOCS
from console.shell.nouns import Noun

NOUN = Noun(
    verbs=(RecordTerms,),
    roles={"viewer": ("accounts.view_acceptance",), "operator": ("accounts.record_terms",)},
    rules={
        "issuing_terms": f"{DOCS}/issuing/connect/tos_acceptance",
        "service_agreement": f"{DOCS}/connect/service-agreement-types",
        "tos_acceptance": f"{DOCS}/connect/updating-service-agreements",
    },
)
