#!/usr/bin/env python3
"""Check recorded Stripe traffic against the trimmed OpenAPI document.

  check_traffic.py [--spec FILE] [--lax] RECORDING.jsonl ...

Each line is an exchange
  {"method", "path", "request_form", "status", "response"}
or a webhook delivery {"event": {...}}. One line is printed per violation,
`METHOD path: where: why`; the exit status is 1 if there was any.

Stricter than a generic validator where the real API is: a field that the
document does not name is a violation on both sides (--lax allows it in
responses), an empty string is only taken where the parameter can be unset, and
an event must carry the kind of object that its type announces. A request that
was answered 4xx is not itself checked, only its error body.

As a library: Checker(spec).exchange(dict) and .event(dict) return the lines.
Standard library only; Python 3.9+.
"""
import argparse
import json
import re
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

SPEC = Path(__file__).resolve().parents[2] / "sandbox" / "openapi" / "spec3.trimmed.json"
KNOWN = {"$ref", "additionalProperties", "anyOf", "description", "enum", "format", "items",
         "maxLength", "nullable", "pattern", "properties", "required", "title", "type"}


def decode_form(text):
    """Stripe's bracketed form: a[b]=c, a[0]=c, a[][b]=c -> nested dicts.

    Lists stay dicts keyed "0", "1", ... : only the schema can tell them from
    maps. Returns (tree, problems)."""
    tree, problems = {}, []
    for key, value in parse_qsl(text or "", keep_blank_values=True):
        match = re.fullmatch(r"([^\[\]]+)((?:\[[^\[\]]*\])*)", key)
        if not match:
            problems.append((key, "malformed parameter name"))
            continue
        steps = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        node = tree
        for i, step in enumerate(steps):
            last = i == len(steps) - 1
            if step == "":  # a[]: append, or go on with the element being built
                step = str(len(node) if last or not node else len(node) - 1)
                if not last and step in node and steps[i + 1] in node[step]:
                    step = str(len(node))
            if last:
                if step in node:
                    problems.append((key, "given twice"))
                node[step] = value
            else:
                node = node.setdefault(step, {})
                if not isinstance(node, dict):
                    problems.append((key, "both a value and a container"))
                    break
    return tree, problems


def join(where, step):
    return f"{where}.{step}" if where else str(step)


class Checker:
    def __init__(self, spec=None, lax=False):
        spec = spec or SPEC
        self.spec = spec if isinstance(spec, dict) else json.loads(Path(spec).read_text("utf-8"))
        self.schemas = self.spec["components"]["schemas"]
        self.lax = lax
        by_literal = sorted(self.spec["paths"], key=lambda p: (p.count("{"), p))
        self.routes = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", p) + "$"), p) for p in by_literal]

    # ---- entry points

    def exchange(self, ex):
        url = urlsplit(ex["path"])
        method = ex["method"].lower()
        label = f"{method.upper()} {url.path}"
        template = next((p for rx, p in self.routes if rx.match(url.path)), None)
        status, body = ex["status"], ex.get("response")
        problems = []
        if status >= 400:
            problems += self.value(body, {"$ref": "#/components/schemas/error"}, "response")
        if template is None or method not in self.spec["paths"][template]:
            # an unknown endpoint may only ever be refused
            if status != 404:
                problems.append(("", "no such endpoint" if template is None else "no such method"))
        elif status < 400:
            op = self.spec["paths"][template][method]
            problems += self.request(op, "&".join(filter(None, [url.query, ex.get("request_form")])))
            ok = op["responses"].get(str(status)) or op["responses"].get("200")
            for media in ok["content"].values():
                problems += self.value(body, media["schema"], "response")
            for item in (body.get("data") if isinstance(body.get("data"), list) else [body]):
                if isinstance(item, dict) and item.get("object") == "event":
                    problems += self.carried(item, "response")
        return [f"{label}: {where}: {why}" for where, why in problems]

    def event(self, event):
        problems = self.value(event, {"$ref": "#/components/schemas/event"}, "event")
        problems += self.carried(event, "event")
        return [f"EVENT {event.get('type', '?')}: {where}: {why}" for where, why in problems]

    def carried(self, event, where):
        """The object inside an event: the right kind for its type, and valid."""
        data = event.get("data") if isinstance(event.get("data"), dict) else {}
        obj, where = data.get("object"), where + ".data"
        if not isinstance(obj, dict):
            return []
        problems, name = [], obj.get("object")
        allowed = self.spec.get("x-event-types", {}).get(event.get("type"))
        if allowed and name not in allowed:
            problems.append((f"{where}.object.object", f"{name!r} is not one of {allowed}"))
        key = f"deleted_{name}" if obj.get("deleted") is True else name
        if key not in self.schemas:
            return problems + [(f"{where}.object.object", f"no schema for {name!r}")]
        problems += self.value(obj, {"$ref": f"#/components/schemas/{key}"}, f"{where}.object")
        for field in data.get("previous_attributes") or {}:
            if field not in self.schemas[key].get("properties", {}):
                problems.append((f"{where}.previous_attributes.{field}", "unknown field"))
        return problems

    # ---- requests: text leaves, so the schema decides what they mean

    def request(self, op, text):
        given, problems = decode_form(text)
        query = {p["name"]: p["schema"] for p in op.get("parameters", []) if p["in"] == "query"}
        schema = {"type": "object", "properties": query, "additionalProperties": False,
                  "required": [p["name"] for p in op.get("parameters", []) if p["in"] == "query" and p.get("required")]}
        for media in op.get("requestBody", {}).get("content", {}).values():
            schema = media["schema"]
        return [("request." + k, why) for k, why in problems] + self.param(given, schema, "request")

    def param(self, value, schema, where):
        schema = self.resolve(schema)
        if "anyOf" in schema:
            return self.best([(s, self.param(value, s, where)) for s in schema["anyOf"]], value)
        kind = schema.get("type")
        if kind == "object":
            return self.param_map(value, schema, where)
        if kind == "array":
            if not isinstance(value, dict):
                return [(where, f"expected an array, got {value!r}")]
            if sorted(value, key=str) != sorted(map(str, range(len(value)))):
                return [(where, f"expected array indices, got {sorted(value)}")]
            return [p for i in map(str, range(len(value)))
                    for p in self.param(value[i], schema["items"], f"{where}[{i}]")]
        if isinstance(value, dict):
            return [(where, f"expected {kind or 'a value'}, got a map with {sorted(value)}")]
        if value == "" and "" not in schema.get("enum", ()) and schema.get("format") != "binary":
            return [(where, "empty string, and this parameter cannot be unset")]
        patterns = {"integer": r"-?\d+", "number": r"-?\d+(\.\d+)?([eE][-+]?\d+)?", "boolean": "true|false"}
        if kind in patterns and not re.fullmatch(patterns[kind], value):
            return [(where, f"expected {kind}, got {value!r}")]
        if kind in ("integer", "number"):
            value = json.loads(value)
        if kind == "boolean":
            value = value == "true"
        return self.constraints(value, schema, where)

    def param_map(self, value, schema, where):
        if not isinstance(value, dict):
            return [(where, f"expected a map, got {value!r}")]
        props, extra = schema.get("properties", {}), schema.get("additionalProperties", False)
        problems = [(join(where, k), "required parameter missing")
                    for k in schema.get("required", []) if k not in value]
        for key, sub in value.items():
            if key in props:
                problems += self.param(sub, props[key], join(where, key))
            elif not extra:
                problems.append((join(where, key), "unknown parameter"))
            elif isinstance(extra, dict) and sub != "":  # "" unsets one metadata key
                problems += self.param(sub, extra, join(where, key))
        return problems

    # ---- responses: JSON values

    def value(self, value, schema, where):
        nullable = schema.get("nullable")
        schema = self.resolve(schema)
        if value is None:
            return [] if nullable or schema.get("nullable") or not schema else [(where, "null is not allowed")]
        if "anyOf" in schema:
            return self.best([(s, self.value(value, s, where)) for s in schema["anyOf"]], value)
        kind = schema.get("type")
        types = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
        if kind and (not isinstance(value, types[kind]) or (kind in ("integer", "number") and isinstance(value, bool))):
            return [(where, f"expected {kind}, got {type(value).__name__} {str(value)[:60]!r}")]
        if isinstance(value, list):
            return [p for i, v in enumerate(value) for p in self.value(v, schema.get("items", {}), f"{where}[{i}]")]
        if not isinstance(value, dict):
            return self.constraints(value, schema, where)
        props, extra = schema.get("properties"), schema.get("additionalProperties")
        problems = [(join(where, k), "required field missing") for k in schema.get("required", []) if k not in value]
        for key, sub in value.items():
            if props and key in props:
                problems += self.value(sub, props[key], join(where, key))
            elif isinstance(extra, dict):
                problems += self.value(sub, extra, join(where, key))
            elif props and not extra and not self.lax:
                problems.append((join(where, key), "unknown field"))
        return problems

    # ---- shared

    def resolve(self, schema):
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]]
        unknown = [k for k in schema if k not in KNOWN and not k.startswith("x-")]
        if unknown:
            raise ValueError(f"schema keywords this checker does not know: {unknown}")
        return schema

    @staticmethod
    def constraints(value, schema, where):
        if "enum" in schema and value not in schema["enum"]:
            shown = ", ".join(map(str, schema["enum"][:12])) + (", ..." if len(schema["enum"]) > 12 else "")
            return [(where, f"{value!r} is not one of: {shown}")]
        if isinstance(value, str):
            if len(value) > schema.get("maxLength", sys.maxsize):
                return [(where, f"longer than {schema['maxLength']} characters")]
            if "pattern" in schema and not re.search(schema["pattern"], value):
                return [(where, f"{value!r} does not match {schema['pattern']}")]
        return []

    def best(self, branches, value):
        """The problems of the branch that was most likely meant."""
        def far(branch):
            schema, problems = branch
            schema = self.resolve(schema)
            tags = schema.get("properties", {}).get("object", {}).get("enum")
            if isinstance(value, dict):
                wrong = schema.get("type") != "object" or (tags is not None and value.get("object") not in tags)
                wrong = wrong or bool(value.get("deleted")) != ("deleted" in schema.get("properties", {}))
            else:
                wrong = schema.get("type") == "object" or schema.get("enum") == [""]
            return wrong, len(problems)
        if any(not problems for _, problems in branches):
            return []
        return min(branches, key=far)[1]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", nargs="+")
    parser.add_argument("--spec")
    parser.add_argument("--lax", action="store_true", help="allow unknown response fields")
    args = parser.parse_args(argv)
    checker, seen, bad = Checker(args.spec, args.lax), 0, 0
    for name in args.recordings:
        with open(name, encoding="utf-8") as lines:
            for line in filter(str.strip, lines):
                record = json.loads(line)
                found = checker.event(record["event"]) if "event" in record else checker.exchange(record)
                seen, bad = seen + 1, bad + len(found)
                print(*found, sep="\n", end="\n" if found else "")
    print(f"{seen} checked, {bad} violations", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
