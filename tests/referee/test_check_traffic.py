"""The referee itself is refereed: what it must find, and what it must let pass."""
import copy
import json
import unittest
from pathlib import Path

from tests.referee.check_traffic import Checker, decode_form

FIXTURES = json.loads(Path(__file__).with_name("fixtures.trimmed.json").read_text("utf-8"))["resources"]
CARD = {"method": "POST", "path": "/v1/issuing/cards", "status": 200, "response": FIXTURES["issuing.card"],
        "request_form": "currency=usd&type=virtual&cardholder=ich_1&spending_controls[spending_limits][0][amount]=5"
                        "&spending_controls[spending_limits][0][interval]=daily&metadata[k]=&second_line="}
EVENT = {"id": "evt_1", "object": "event", "api_version": "2026-10-28.endive", "created": 1, "livemode": False,
         "pending_webhooks": 0, "request": {"id": None, "idempotency_key": None}, "type": "issuing_card.updated",
         "data": {"object": FIXTURES["issuing.card"], "previous_attributes": {"status": "inactive"}}}


class CheckTraffic(unittest.TestCase):
    checker = Checker()

    def found(self, why, **changes):
        ex = {**copy.deepcopy(CARD), **changes}
        lines = self.checker.exchange(ex)
        self.assertTrue(any(why in line for line in lines), (why, lines))

    def form(self, why, old, new):
        self.assertIn(old, CARD["request_form"])
        self.found(why, request_form=CARD["request_form"].replace(old, new))

    def body(self, why, **changes):
        self.found(why, response={k: v for k, v in {**CARD["response"], **changes}.items() if v is not ...})

    def test_good(self):
        self.assertEqual(self.checker.exchange(CARD), [])
        self.assertEqual(self.checker.event(EVENT), [])

    def test_fixtures_of_the_objects_we_use(self):
        for name in ("capability", "person", "bank_account", "file", "payout", "topup", "transfer", "balance",
                     "issuing.card", "issuing.cardholder", "issuing.authorization", "issuing.transaction",
                     "issuing.dispute", "deleted_account", "funding_instructions"):
            ref = {"$ref": f"#/components/schemas/{name}"}
            self.assertEqual(self.checker.value(FIXTURES[name], ref, name), [])

    def test_requests(self):
        self.form("unknown parameter", "currency=usd", "currency=usd&colour=red")
        self.form("required parameter missing", "currency=usd&", "")
        self.form("is not one of", "virtual", "plastic")
        self.form("expected integer", "=5", "=five")
        self.form("array indices", "[0]", "[2]")
        self.form("got a map", "cardholder=", "cardholder[id]=")
        self.form("cannot be unset", "cardholder=ich_1", "cardholder=")
        self.form("given twice", "currency=usd", "currency=usd&currency=usd")
        self.found("no such endpoint", path="/v1/issuing/crads")
        self.found("no such method", method="DELETE")

    def test_responses(self):
        self.body("expected string", last4=4242)
        self.body("required field missing", status=...)
        self.body("null is not allowed", status=None)
        self.body("unknown field", colour="red")
        self.body("is not one of", status="sleepy")
        self.body("required field missing", replaced_by={"id": "ic_2", "object": "issuing.card"})
        self.found("response.error: required field missing", status=402, response={})

    def test_events(self):
        for path, value in ((("type",), "issuing_card.exploded"), (("request",), ...),
                            (("data", "object"), FIXTURES["issuing.cardholder"]),
                            (("data", "object", "brand"), ...), (("data", "previous_attributes", "zz"), 1)):
            event = copy.deepcopy(EVENT)
            node = event
            for step in path[:-1]:
                node = node[step]
            node.pop(path[-1], None) if value is ... else node.update({path[-1]: value})
            self.assertTrue(self.checker.event(event), path)

    def test_bracket_forms(self):
        self.assertEqual(decode_form("a[b]=c&d[0][e]=1&d[1][e]=2&f[]=x&f[]=y&g=")[0],
                         {"a": {"b": "c"}, "d": {"0": {"e": "1"}, "1": {"e": "2"}}, "f": {"0": "x", "1": "y"}, "g": ""})
        self.assertEqual(decode_form("a[][b]=1&a[][c]=2&a[][b]=3")[0], {"a": {"0": {"b": "1", "c": "2"}, "1": {"b": "3"}}})


if __name__ == "__main__":
    unittest.main()
