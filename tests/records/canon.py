# SPDX-License-Identifier: Apache-2.0
"""Ids, hashes and structure hashes recomputed from a record alone, as docs/records.md defines them.

Shares nothing with the product but that page: a record's line is parsed with its numbers' text kept,
and written again without white space.
"""
import base64
import hashlib
import json

import xxhash

COMMON = ["schema", "kind", "op", "id", "epoch", "version", "observed_at", "hash",
          "structure_hash", "cluster", "labels", "system", "virtual"]
OBJECTS = ("keyspace", "table", "view", "type", "function", "aggregate")
HASHED = OBJECTS + ("cluster", "node", "anomaly")
STRUCTURED = ("table", "view", "type", "function", "aggregate")
MUTED = ("table_id", "base_table_id")
MUTED_DROPPED = ("dropped_at", "dropped_at_raw")
SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
SEQUENCE_BITS = 22
ID_LIMIT = 400


class Number(str):
    """A number by its text."""


def parse(line):
    return json.loads(line, parse_int=Number, parse_float=Number)


def serialise(value):
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, list):
        return "[" + ",".join(map(serialise, value)) + "]"
    return "{" + ",".join(f'"{key}":{serialise(one)}' for key, one in value.items()) + "}"


def xxh3(text):
    return xxhash.xxh3_128_hexdigest(text.encode())


def content(record):
    """What `hash` covers: the body without what is muted."""
    body = {key: value for key, value in record.items() if key not in COMMON + list(MUTED)}
    if record["kind"] in ("table", "view") and "dropped_columns" in body:
        body["dropped_columns"] = [
            {key: value for key, value in column.items() if key not in MUTED_DROPPED}
            for column in body["dropped_columns"]]
    return serialise(body)


def content_hash(record):
    return xxh3(content(record)) if record["kind"] in HASHED else None


def fields(of):
    return [[field["name"], field["type"]] for field in of["fields"]]


def column(one):
    key = one["kind"] in ("partition_key", "clustering")
    return [one["name"], one["type"], one["kind"], one.get("position") if key else None,
            one.get("order") if one["kind"] == "clustering" else None]


def structure(record):
    """What `structure_hash` covers."""
    kind = record["kind"]
    if kind in ("table", "view"):
        targets = [index["target"] for index in record.get("indexes", [])
                   if index["target"] is not None]
        return [kind, [column(one) for one in record["columns"]],
                [[one["name"], fields(one)] for one in record.get("types", [])],
                sorted(targets, key=str.encode)]
    if kind == "type":
        return [kind, fields(record)]
    if kind == "function":
        return [kind, [one["type"] for one in record["arguments"] if one["type"] is not None],
                record["return_type"]]
    return [kind, [one for one in record["argument_types"] or [] if one is not None],
            record["return_type"], record["state_type"]]


def structure_hash(record):
    return xxh3(serialise(structure(record))) if record["kind"] in STRUCTURED else None


def encode(part):
    raw = part if isinstance(part, bytes) else part.encode()
    return "".join(chr(byte) if byte in SAFE else f"%{byte:02X}" for byte in raw)


def seal(whole):
    if len(whole) <= ID_LIMIT:
        return whole
    return whole[:ID_LIMIT] + "~" + hashlib.sha256(whole.encode()).hexdigest()[:32]


def raw(of, key):
    """The bytes of a text: of its twin where it was not UTF-8."""
    twin = of.get(key + "_base64")
    return base64.b64decode(twin) if twin is not None else of[key].encode()


def node_name(record):
    if record.get("host_id") is not None:
        return record["host_id"]
    order = ("broadcast", "listen", "rpc") if record["observed"] else (
        "peer", "native", "rpc", "preferred")
    return next(record["addresses"][key] for key in order
                if record["addresses"].get(key) is not None)


def record_id(record):
    kind, parts, signature = record["kind"], [], None
    if kind == "node":
        parts = [node_name(record)]
    elif kind == "keyspace":
        parts = [raw(record, "name")]
    elif kind == "anomaly":
        about = record["about"]
        parts = [record["code"], about["kind"]]
        parts += [raw(about, key) for key in ("keyspace", "name") if about[key] is not None]
    elif kind in OBJECTS:
        parts = [raw(record, "keyspace"), raw(record, "name")]
    if kind == "function":
        signature = [raw(one, "type") for one in record["arguments"] if one["type"] is not None]
    elif kind == "aggregate":
        twins = record.get("argument_types_base64")
        signature = [one for one in twins or record["argument_types"] or [] if one is not None]
        signature = list(map(base64.b64decode, signature)) if twins else signature
    whole = "/".join([encode(record["cluster"]), kind, *map(encode, parts)])
    if signature is not None:
        whole += "(" + ",".join(map(encode, signature)) + ")"
    return seal(whole)
