"""`expand[]`: ids in an answer replaced by their objects (https://docs.stripe.com/api/expanding_objects).

What is there already may be asked for as well. Secrets are there only when they are asked for; the noun puts them in.
"""

from typing import Any

from sandbox.wire.description import Description, Operation, Schema
from sandbox.world.errors import invalid
from sandbox.world.noun import EXPANDERS, Call
from sandbox.world.world import public

Data = dict[str, Any]

MAX_LEVELS = 4
SECRETS = {"GET /v1/issuing/cards/{id}": ("number", "cvc")}


def check(description: Description, operation: Operation, paths: list[str]) -> None:
    """Raises StripeError for a path that the answer of this operation cannot expand."""
    name = f"{operation.method} {operation.template}"
    for path in paths:
        if len(path.removeprefix("data.").split(".")) > MAX_LEVELS:
            raise invalid(
                f"You cannot expand more than {MAX_LEVELS} levels of a property. Property: {path}", None, "expand"
            )
        if not description.expandable(name, path) and path not in SECRETS.get(name, ()):
            hint = f" You may want to try expanding 'data.{path}' instead."
            instead = hint if description.expandable(name, f"data.{path}") else ""
            raise invalid(f"This property cannot be expanded ({path}).{instead}", None, "expand")


def apply(description: Description, call: Call, operation: Operation, data: Data, paths: list[str]) -> Data:
    """`data` with the fields that `paths` name expanded in place."""
    for path in paths:
        _walk(description, call, data, _schema_of(description, operation.answer, data), path.split("."))
    return data


def masked(operation: Operation, data: Data) -> Data:
    """The answer without the secrets that the operation shows, for the record."""
    hidden = {name for name in SECRETS.get(f"{operation.method} {operation.template}", ()) if name in data}
    return {name: "*" * len(value) if name in hidden else value for name, value in data.items()} if hidden else data


def _walk(description: Description, call: Call, data: Data, schema: Schema, steps: list[str]) -> None:
    step, rest = steps[0], steps[1:]
    value = data.get(step)
    field = description.resolve(schema).get("properties", {}).get(step)
    if value is None or field is None:
        return
    targets = description.targets(field)
    if targets and isinstance(value, str):
        value = data[step] = _object(call, value, targets)
    for item in value if isinstance(value, list) else [value]:
        if rest and isinstance(item, dict):
            _walk(description, call, item, _schema_of(description, field, item), rest)


def _schema_of(description: Description, field: Schema, item: Data) -> Schema:
    name = item.get("object")
    if isinstance(name, str) and name in description.schemas:
        return description.schemas[name]
    return description.resolve(description.resolve(field).get("items", field))


def _object(call: Call, object_id: str, targets: list[Schema]) -> Any:
    """The object behind the id, or the id itself when the sandbox does not know it."""
    for kind in (tag for target in targets for tag in target["properties"]["object"].get("enum", ())):
        known = EXPANDERS.get(kind)
        owner = None if kind == "account" else call.account
        found = known(call, object_id) if known else call.store.get(kind, object_id, owner)
        if found is not None:
            return public(found)
    return object_id
