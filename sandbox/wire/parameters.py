"""Requests off the wire: bracketed forms and multipart bodies into trees of text, and those into typed parameters."""

import email.parser
import email.policy
import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

from sandbox.wire.description import Description, Schema
from sandbox.world.errors import StripeError, invalid
from sandbox.world.noun import UNSET, Upload

Data = dict[str, Any]

MAX_FIELDS, MAX_DEPTH = 2000, 12
NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
NUMBERS = {"integer": r"-?\d{1,18}", "number": r"-?\d{1,18}(\.\d{1,18})?"}
NUMBER_WORDS = {"integer": "integer", "number": "decimal"}
BAD_BODY = (
    "Invalid request (check that your POST content type is application/x-www-form-urlencoded). "
    "If you have any questions, we can help at https://support.stripe.com/."
)
Fields = list[tuple[str, str | Upload]]


def fields_of_form(text: str) -> Fields:
    """The names and values of a query string or form, in order. Raises StripeError when it is no UTF-8 form."""
    try:
        return list(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS))
    except ValueError as error:
        raise invalid(BAD_BODY) from error


def fields_of_body(content_type: str, body: bytes) -> Fields:
    """The fields of a request body, files as Upload. Raises StripeError for other kinds of body, such as JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    if not body:
        return []
    if kind == "multipart/form-data":
        return list(_parts(content_type, body))
    if kind not in ("application/x-www-form-urlencoded", ""):
        raise invalid(BAD_BODY)
    try:
        return fields_of_form(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise invalid(BAD_BODY) from error


def _parts(content_type: str, body: bytes) -> Iterator[tuple[str, str | Upload]]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise invalid(BAD_BODY)
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            raise invalid(BAD_BODY)
        filename = part.get_filename()
        text = content.decode("utf-8", "replace")
        yield name, text if filename is None else Upload(filename, part.get_content_type(), content)


def tree(fields: Fields) -> Data:
    """Bracketed names as nested dicts: `a[b]=c`, `a[0]=c`, `a[]=c`, `a[][b]=c`; lists are dicts keyed "0", "1", ….

    Only the description can tell a list from a map. Raises StripeError for a malformed name, for a name given
    twice and for one that is both a value and a container.
    """
    root: Data = {}
    for name, value in fields:
        match = NAME.fullmatch(name)
        steps = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])] if match else []
        if not steps or len(steps) > MAX_DEPTH:
            raise invalid(f"Invalid parameter name: {name[:100]}", param=name[:100])
        _plant(root, name, steps, value)
    return root


def _plant(node: Data, name: str, steps: list[str], value: str | Upload) -> None:
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if step == "":  # a[]: append, or go on with the element that is being built
            step = _element(node, following)
        if following is None:
            if step in node:
                raise invalid(f"Invalid request: {name} was given more than once.", param=name)
            node[step] = value
        else:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise invalid(f"Invalid request: {name} is both a value and a container.", param=name)


def _element(node: Data, following: str | None) -> str:
    if following is None or not node:
        return str(len(node))
    last = str(len(node) - 1)
    held = node.get(last)
    taken = isinstance(held, Upload) or (held is not None and following in held)
    return str(len(node)) if taken else last


def coerce(description: Description, given: Any, schema: Schema, where: str = "") -> Any:
    """`given` as the Python value that the schema means: ints, bools, lists, dicts, Upload, UNSET.

    Raises StripeError as Stripe words it, `param` in bracket form.
    """
    schema = description.resolve(schema)
    if "anyOf" in schema:
        return _any_of(description, given, schema["anyOf"], where)
    kind = schema.get("type")
    if kind == "object":
        return _object(description, given, schema, where)
    if kind == "array":
        if not isinstance(given, dict) or set(given) != set(map(str, range(len(given)))):
            raise invalid("Invalid array", param=where)
        members = [(f"{where}[{index}]", given[str(index)]) for index in range(len(given))]
        return [coerce(description, value, schema["items"], place) for place, value in members]
    if schema.get("format") == "binary":
        if not isinstance(given, Upload):
            raise invalid("Invalid file: must be an uploaded file", param=where)
        return given
    return _scalar(given, schema, where)


def _join(where: str, name: str) -> str:
    return f"{where}[{name}]" if where else name


def _object(description: Description, given: Any, schema: Schema, where: str) -> Data:
    if not isinstance(given, dict):
        raise invalid("Invalid object", param=where)
    known, extra = schema.get("properties", {}), schema.get("additionalProperties", False)
    unknown = [_join(where, name) for name in given if name not in known] if not extra else []
    if unknown:
        what = "parameter" if len(unknown) == 1 else "parameters"
        raise invalid(f"Received unknown {what}: {', '.join(unknown)}", "parameter_unknown", unknown[0])
    for name in schema.get("required", ()):
        if name not in given:
            raise invalid(f"Missing required param: {_join(where, name)}.", "parameter_missing", _join(where, name))
    free = extra if isinstance(extra, dict) else {}
    return {
        name: UNSET  # one key of a map such as metadata
        if name not in known and value == ""
        else coerce(description, value, known.get(name, free), _join(where, name))
        for name, value in given.items()
    }


def _any_of(description: Description, given: Any, branches: list[Schema], where: str) -> Any:
    if given == "" and any("" in branch.get("enum", ()) for branch in branches):
        return UNSET
    first: StripeError | None = None
    for branch in sorted(branches, key=lambda branch: _unlike(description.resolve(branch), given)):
        try:
            return coerce(description, given, branch, where)
        except StripeError as error:
            first = first or error
    raise first or invalid("Invalid value", param=where)


def _unlike(schema: Schema, given: Any) -> tuple[bool, ...]:
    """Sort key: the branch that was most likely meant comes first, so that its error is the one raised."""
    tags = schema.get("properties", {}).get("object", {}).get("enum")
    shape = isinstance(given, dict) != (schema.get("type") in ("object", "array"))
    tagged = isinstance(given, dict) and tags is not None and given.get("object") not in tags
    return schema.get("enum") == [""], shape, tagged, schema.get("type") == "string"


def _scalar(given: Any, schema: Schema, where: str) -> Any:
    kind, choices = schema.get("type"), schema.get("enum")
    if not isinstance(given, str):
        shown = json.dumps(given) if isinstance(given, dict) else "a file"
        raise invalid(f"Invalid {kind or 'string'}: {shown[:200]}", param=where)
    if given == "" and "" not in (choices or ()):
        raise _empty(where)
    if kind in NUMBERS:
        if not re.fullmatch(NUMBERS[kind], given, re.ASCII):
            what = NUMBER_WORDS[kind]
            raise invalid(f"Invalid {what}: {given}", f"parameter_invalid_{what}" if kind == "integer" else None, where)
        return int(given) if kind == "integer" else float(given)
    if kind == "boolean":
        if given not in ("true", "false"):
            raise invalid(f"Invalid boolean: {given}", param=where)
        return given == "true"
    if choices and given not in choices:
        raise invalid(f"Invalid {where}: must be one of {words(choices)}", param=where)
    return given


def _empty(where: str) -> StripeError:
    return invalid(
        f"You passed an empty string for '{where}'. We assume empty values are an attempt to unset a parameter;"
        f" however '{where}' cannot be unset. You should remove '{where}' from your request or supply a"
        " non-empty value.",
        "parameter_invalid_empty",
        where,
    )


def words(choices: list[Any]) -> str:
    """Choices as Stripe enumerates them: `a, b, or c`."""
    shown = [str(choice) for choice in choices if choice != ""]
    if len(shown) < 3:
        return " or ".join(shown)
    return f"{', '.join(shown[:-1])}, or {shown[-1]}"
