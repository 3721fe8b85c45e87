# SPDX-License-Identifier: Apache-2.0
"""What a program found of a schema, against the server's own rows: names, not only counts.

A model is {kind: {key: type or None}}. Keys are tuples of names as the server spells them: (keyspace,),
(keyspace, table), (keyspace, table, column) and so on; of a function or an aggregate (keyspace, name,
argument types). Only columns (their type) and types (their fields) have more to compare than a name.

`from_rows` makes the model of the server's rows, `from_drivers`, `from_records`, `from_datahub` and
`from_openmetadata` those of what the programs printed: as it is, nothing is repaired. Spelling counts
for nothing (varchar and text, quotes and blanks, a type's own keyspace in front of it, the `frozen` that
every tuple has); a type that differs in `frozen` alone is a fault of its own, smaller than a wrong type.
"""
import collections
import json
import re

KINDS = ["keyspace", "table", "view", "column", "index", "type", "function", "aggregate", "trigger",
         "virtual keyspace", "virtual table", "virtual column"]
VIRTUAL = ("system_virtual_schema", "system_views")
TOKEN = re.compile(r"""\s*("(?:[^"]|"")*"|'(?:[^']|'')*'|[^\s<>,.()'"]+|[<>,.])""")
MOST_EXAMPLES = 3


class Model(dict):
    def __init__(self):
        super().__init__((kind, {}) for kind in KINDS)
        self.twice = collections.Counter()

    def put(self, kind, key, value=None):
        if kind in ("keyspace", "table", "column") and key[0] in VIRTUAL:
            kind = "virtual " + kind
        self.twice[kind] += key in self[kind]
        self[kind][key] = value


def type_tree(text, keyspace):
    """(name, parts) of a type in CQL; a name is unquoted, `'a.class'` keeps its quotes."""
    tokens = TOKEN.findall(text or "")
    if "".join(tokens) != re.sub(r"\s+", "", text or "") and not re.search(r"[\"']", text or ""):
        return ("?" + str(text), [])
    position = 0

    def name():
        nonlocal position
        word = tokens[position]
        position += 1
        quoted = word.startswith('"')
        word = word[1:-1].replace('""', '"') if quoted else word
        return word, quoted

    stack, out = [], None
    while position < len(tokens):
        token = tokens[position]
        if token in "<>,":
            position += 1
            if token == ">" and len(stack) > 1:
                out = stack.pop()
            continue
        word, quoted = name()
        if position < len(tokens) and tokens[position] == ".":
            position += 1
            if position < len(tokens) and word == keyspace:
                word, quoted = name()
            else:
                word += "." + (name()[0] if position < len(tokens) else "")
        node = ("text" if word == "varchar" and not quoted else word, [])
        if stack:
            stack[-1][1].append(node)
        else:
            out = node
        if not stack or tokens[position:position + 1] == ["<"]:
            stack.append(node)
    return stack[0] if stack else (out or ("?" + str(text), []))


def type_text(tree, frozen=True):
    """The one spelling; without `frozen` where that does not count."""
    name, parts = tree
    inside = [type_text(part, frozen) for part in parts]
    if name == "frozen" and len(parts) == 1 and (not frozen or parts[0][0] == "tuple"):
        return inside[0]
    return f"{name}<{', '.join(inside)}>" if parts else name


def canonical(text, keyspace, frozen=True):
    return type_text(type_tree(text, keyspace), frozen)


def signature(keyspace, name, arguments):
    """`frozen` is no part of a signature: Cassandra freezes every argument by itself."""
    return keyspace, name, tuple(canonical(one, keyspace, frozen=False) for one in arguments)


def fields_of(pairs, keyspace):
    return [(name, canonical(kind, keyspace)) for name, kind in pairs]


# --- one reader for each shape ------------------------------------------------------------------

def from_rows(raw):
    """The server's own rows: {table: [row]} as tests/real/rows.py reads them, schema metadata off"""
    model = Model()
    for schema in ("system_schema", "system_virtual_schema"):
        for row in raw.get(f"{schema}.keyspaces") or ():
            model.put("keyspace", (row["keyspace_name"],))
        for row in raw.get(f"{schema}.tables") or ():
            model.put("table", (row["keyspace_name"], row["table_name"]))
        for row in raw.get(f"{schema}.columns") or ():
            model.put("column", (row["keyspace_name"], row["table_name"], row["column_name"]),
                      canonical(row["type"], row["keyspace_name"]))
    for kind in ("view", "index", "trigger"):
        plural = {"index": "indexes"}.get(kind, kind + "s")
        for row in raw[f"system_schema.{plural}"]:
            key = (row["keyspace_name"], row[f"{kind}_name"]) if kind == "view" else (
                row["keyspace_name"], row["table_name"], row[f"{kind}_name"])
            model.put(kind, key)
    for row in raw["system_schema.types"]:
        model.put("type", (row["keyspace_name"], row["type_name"]),
                  fields_of(zip(row["field_names"], row["field_types"]), row["keyspace_name"]))
    for kind in ("function", "aggregate"):
        for row in raw[f"system_schema.{kind}s"]:
            model.put(kind, signature(row["keyspace_name"], row[f"{kind}_name"],
                                      row["argument_types"] or ()))
    return model


def put_columns(model, keyspace, name, columns):
    for column in columns:
        model.put("column", (keyspace, name, column["name"]), canonical(column["type"], keyspace))


def from_drivers(text):
    """What the programs of bench/peers print that are drivers: one object for each crawl"""
    model = Model()
    for keyspace, space in json.loads(text.split("\n", 1)[0]).items():
        model.put("keyspace", (keyspace,))
        for name, table in space.get("tables", {}).items():
            model.put("table", (keyspace, name))
            put_columns(model, keyspace, name, table["columns"])
            for index in table.get("indexes") or ():
                model.put("index", (keyspace, name, index))
            for trigger in table.get("triggers") or ():
                model.put("trigger", (keyspace, name, trigger))
        for name, view in space.get("views", {}).items():
            model.put("view", (keyspace, name))
            if name not in space["tables"]:  # gocql lists the columns of a view there
                put_columns(model, keyspace, name, view["columns"])
        for name, fields in space.get("types", {}).items():
            model.put("type", (keyspace, name), fields_of(fields, keyspace))
        for kind in ("function", "aggregate"):
            for one in space.get(kind + "s", {}).values():
                model.put(kind, signature(keyspace, one["name"], one["arguments"]))
    return model


def from_records(text):
    """cqlcrawl's records"""
    model = Model()
    for line in text.split("\n"):
        record = json.loads(line) if line else {"kind": ""}
        kind, keyspace, name = record["kind"], record.get("keyspace"), record.get("name")
        if kind == "keyspace":
            model.put(kind, (name if keyspace is None else keyspace,))
        elif kind in ("table", "view"):
            model.put(kind, (keyspace, name))
            put_columns(model, keyspace, name, record["columns"])
            for index in record.get("indexes", ()):
                model.put("index", (keyspace, name, index["name"]))
            for trigger in record.get("triggers", ()):
                model.put("trigger", (keyspace, name, trigger["name"]))
        elif kind == "type":
            pairs = [(field["name"], field["type"]) for field in record["fields"]]
            model.put(kind, (keyspace, name), fields_of(pairs, keyspace))
        elif kind == "function":
            model.put(kind, signature(keyspace, name, [one["type"] for one in record["arguments"]]))
        elif kind == "aggregate":
            model.put(kind, signature(keyspace, name, record["argument_types"]))
    return model


def from_datahub(text):
    """DataHub's file sink: an array of change proposals, an aspect each"""
    model, views, columns = Model(), set(), {}
    for one in json.loads(text[text.index("["):]):
        aspect, body = one.get("aspectName"), (one.get("aspect") or {}).get("json", {})
        if aspect == "containerProperties":
            model.put("keyspace", (body["name"],))
            continue
        found = re.match(r"urn:li:dataset:\(urn:li:dataPlatform:cassandra,(.*),\w+\)$",
                         one.get("entityUrn", ""), re.S)
        if found and aspect == "schemaMetadata":
            key = tuple(found[1].split(".", 1))
            columns[key] = [{"name": field["fieldPath"], "type": field["nativeDataType"]}
                            for field in body["fields"]]
        elif found and aspect == "viewProperties":
            views.add(tuple(found[1].split(".", 1)))
    for key, fields in columns.items():
        model.put("view" if key in views else "table", key)
        put_columns(model, *key, fields)
    return model


def from_openmetadata(text):
    """The requests of OpenMetadata's source, a line each"""
    model = Model()
    for line in text.split("\n"):
        one = json.loads(line) if line else {}
        if one.get("columns") is not None:
            keyspace = re.sub(r'^"|"$', "", one["databaseSchema"].split(".", 2)[2])
            view = one["tableType"] == "MaterializedView"
            model.put("view" if view else "table", (keyspace, one["name"]))
            put_columns(model, keyspace, one["name"],
                        [{"name": column["name"], "type": column["dataTypeDisplay"]}
                         for column in one["columns"]])
        elif one.get("database") is not None:
            model.put("keyspace", (one["name"],))
    return model


# --- the judgement ------------------------------------------------------------------------------

def without_frozen(value):
    """Of a type's text, or of the fields of a type"""
    if isinstance(value, list):
        return [(name, without_frozen(kind)) for name, kind in value]
    return canonical(value, None, frozen=False)


def show(key):
    *names, last = key
    if isinstance(last, tuple):
        return ".".join(names) + "(" + ", ".join(last) + ")"
    return ".".join(key)


def judge_kind(truth, found):
    """{found, missed, invented, wrong, frozen: number; examples: {what: [text]}}"""
    missed = sorted(set(truth) - set(found))
    invented = sorted(set(found) - set(truth))
    differ = [key for key in sorted(set(truth) & set(found)) if truth[key] != found[key]]
    frozen = [key for key in differ if without_frozen(truth[key]) == without_frozen(found[key])]
    wrong = [key for key in differ if key not in set(frozen)]

    def said(key):
        return f"{show(key)}: {found[key]}, is {truth[key]}"

    examples = {"missed": [show(key) for key in missed], "invented": [show(key) for key in invented],
                "wrong": [said(key) for key in wrong], "frozen": [said(key) for key in frozen]}
    return {"found": len(set(truth) & set(found)) - len(differ), "missed": len(missed),
            "invented": len(invented), "wrong": len(wrong), "frozen": len(frozen),
            "examples": {what: texts[:MOST_EXAMPLES] for what, texts in examples.items() if texts}}


def judge(truth, found):
    return {kind: judge_kind(truth[kind], found[kind]) for kind in KINDS}
