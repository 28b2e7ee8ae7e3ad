"""The API description: which operations there are, what they take, and which fields of an answer can be expanded."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

SPEC = Path(__file__).parent.parent / "openapi" / "spec3.trimmed.json"
Schema = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """One method of one path. `parameters` is the schema of everything it takes, `answer` that of a success."""

    method: str
    template: str
    parameters: Schema
    answer: Schema


class Description:
    """Stripe's description of its API, read once."""

    def __init__(self, path: Path = SPEC) -> None:
        document = json.loads(path.read_text("utf-8"))
        self.schemas: dict[str, Schema] = document["components"]["schemas"]
        webhooks = _parameters(document["paths"]["/v1/webhook_endpoints"]["post"])
        self.versions: frozenset[str] = frozenset(webhooks["properties"]["api_version"]["enum"])
        # Fewer placeholders first: /v1/accounts/{id}/persons before anything that could swallow it.
        templates = sorted(document["paths"], key=lambda path: (path.count("{"), path))
        self.paths = [
            (re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)), self._operations(template, methods))
            for template, methods in ((template, document["paths"][template]) for template in templates)
        ]

    @staticmethod
    def _operations(template: str, methods: dict[str, Any]) -> dict[str, Operation]:
        return {
            method.upper(): Operation(method.upper(), template, _parameters(operation), _answer(operation))
            for method, operation in methods.items()
        }

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation that answers this method and path, with the path's parameters; None when there is none."""
        for pattern, operations in self.paths:
            found = pattern.fullmatch(path)
            if found and method in operations:
                return operations[method], {name: unquote(value) for name, value in found.groupdict().items()}
        return None

    def resolve(self, schema: Schema) -> Schema:
        """The schema itself, with references followed."""
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def targets(self, schema: Schema) -> list[Schema]:
        """What an id of this field expands to: the objects beside the string; empty when it cannot be expanded."""
        branches = [self.resolve(branch) for branch in self.resolve(schema).get("anyOf", ())]
        if not any(branch.get("type") == "string" for branch in branches):
            return []
        return [branch for branch in branches if "object" in branch.get("properties", {})]

    @lru_cache(maxsize=1024)  # noqa: B019  (one description lives as long as its process)
    def expandable(self, operation: str, path: str) -> bool:
        """Whether `path` (as in `expand[]`) names an object or a list of objects in an answer of the operation.

        It may be there already, whole. Scalars, lists of scalars and free maps such as metadata cannot be expanded.
        """
        method, template = operation.split(" ", 1)
        found = self.find(method, template)
        schemas = self._within(found[0].answer) if found else []
        for step in path.split("."):
            fields = {id(field): field for each in schemas if (field := each.get("properties", {}).get(step))}
            schemas = [schema for field in fields.values() for schema in self._within(field)]
        return any("properties" in schema for schema in schemas)

    def _within(self, field: Schema) -> list[Schema]:
        """The schemas of what the field may hold, of a list those of its members."""
        field = self.resolve(field)
        inner = [field["items"]] if "items" in field else field.get("anyOf", [])
        inner = list({json.dumps(branch): branch for branch in inner}.values())  # an event's answer is one, many times
        return [schema for branch in inner for schema in self._within(branch)] if inner else [field]


def _parameters(operation: Schema) -> Schema:
    given = [parameter for parameter in operation.get("parameters", ()) if parameter["in"] == "query"]
    for media in operation.get("requestBody", {}).get("content", {}).values():
        schema: Schema = media["schema"]
        return schema
    return {
        "type": "object",
        "properties": {parameter["name"]: parameter["schema"] for parameter in given},
        "required": [parameter["name"] for parameter in given if parameter.get("required")],
        "additionalProperties": False,
    }


def _answer(operation: Schema) -> Schema:
    content = operation["responses"]["200"]["content"]
    schema: Schema = next(iter(content.values()))["schema"]
    return schema
