# SPDX-License-Identifier: Apache-2.0
"""What the records ought to say, built from raw rows alone (rows.py) by the contract of
docs/records.md. Written apart from the product: it shares no code and no table with it.

bodies(rows) gives {id without the cluster: Body}; the comparison itself is in oracle.py.
"""
import base64
import hashlib
import re

OPTIONS = [
    "additional_write_policy", "allow_auto_snapshot", "bloom_filter_fp_chance", "caching", "cdc",
    "compaction", "compression", "crc_check_chance", "dclocal_read_repair_chance",
    "default_time_to_live", "extensions", "gc_grace_seconds", "incremental_backups",
    "max_index_interval", "memtable", "memtable_flush_period_in_ms", "min_index_interval",
    "read_repair", "read_repair_chance", "speculative_retry",
]
USED = {
    "keyspaces": {"keyspace_name", "durable_writes", "replication"},
    "tables": {"keyspace_name", "table_name", "id", "comment", "flags", *OPTIONS},
    "views": {"keyspace_name", "view_name", "id", "comment", "base_table_id", "base_table_name",
              "where_clause", "include_all_columns", *OPTIONS},
}
SAFE = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
ID_LIMIT = 400
YEAR_2200_MS = 7258118400000
KEY_KINDS = ("partition_key", "clustering")


class Body:
    """One record's expected fields; `lists` names the keys where a missing one equals []."""

    def __init__(self, kind, system, virtual, fields):
        self.kind, self.system, self.virtual, self.fields = kind, system, virtual, fields


def encode(part):
    raw = part.encode("utf-8", "surrogateescape")
    return "".join(chr(b) if b in SAFE else f"%{b:02X}" for b in raw)


def record_id(cluster, kind, *parts, signature=None):
    whole = "/".join([encode(cluster), kind, *(encode(part) for part in parts)])
    if signature is not None:
        whole += "(" + ",".join(encode(one) for one in signature) + ")"
    return seal(whole)


def seal(whole):
    """Over 400 bytes: cut there, and closed by "~" and 32 hex of SHA-256 over the whole."""
    if len(whole) <= ID_LIMIT:
        return whole
    return whole[:ID_LIMIT] + "~" + hashlib.sha256(whole.encode()).hexdigest()[:32]


def is_system(keyspace):
    return keyspace == "system" or keyspace.startswith("system_")


def pairs(mapping):
    return [{"name": name, "value": mapping[name]} for name in sorted(mapping, key=str.encode)]


def class_and_options(mapping):
    if mapping is None:
        return None
    rest = {name: value for name, value in mapping.items() if name != "class"}
    return {"class": mapping.get("class"), "options": pairs(rest)}


def option_value(name, value):
    if value is None:
        return None
    if name in ("compaction", "compression"):
        return class_and_options(value)
    if name == "caching":
        return {key: value[key] for key in ("keys", "rows_per_partition") if key in value}
    if name == "extensions":
        return pairs({key: "0x" + one.hex() for key, one in value.items()})
    return value


def extra(row, used):
    return {name: row[name] for name in row if name not in used}


def type_names(cql_type, udts):
    """The user types that a type's text names directly, in order, each once."""
    found = []
    own = re.sub(r"'[^']*'", "", cql_type)  # custom classes name no user type
    for quoted, plain in re.findall(r'"((?:[^"]|"")*)"|([A-Za-z0-9_]+)', own):
        name = quoted.replace('""', '"') if quoted else plain
        if name in udts and name not in found:
            found.append(name)
    return found


def uses(cql_type, udts):
    names = type_names(cql_type, udts)
    return {"uses": names} if names else {}


def fields_of(row, udts):
    return [{"name": name, "type": kind, **uses(kind, udts)}
            for name, kind in zip(row["field_names"] or [], row["field_types"] or [])]


def used_types(columns, udts):
    todo, seen = [name for c in columns for name in c.get("uses", [])], {}
    while todo:
        name = todo.pop()
        if name not in seen:
            seen[name] = fields_of(udts[name], udts)
            todo += [inner for field in seen[name] for inner in field.get("uses", [])]
    return [{"name": name, "fields": seen[name]} for name in sorted(seen, key=str.encode)]


def mask_of(row):
    arguments = [
        {"type": kind, "value": None if null else value}
        for kind, value, null in zip(row["function_argument_types"] or [],
                                     row["function_argument_values"] or [],
                                     row["function_argument_nulls"] or [])]
    return {"function": f"{row['function_keyspace']}.{row['function_name']}",
            "arguments": arguments}


def column_of(row, udts, masks):
    column = {"name": row["column_name"], "type": row["type"], "kind": row["kind"]}
    if row["kind"] in KEY_KINDS:
        column["position"] = row["position"]
    if row["kind"] == "clustering":
        column["order"] = row["clustering_order"].lower()
    if row["column_name_bytes"] != row["column_name"].encode():
        column["name_base64"] = base64.b64encode(row["column_name_bytes"]).decode()
    column.update(uses(row["type"], udts))
    if row["column_name"] in masks:
        column["mask"] = mask_of(masks[row["column_name"]])
    return column


def column_rank(row):
    kinds = {"partition_key": 0, "clustering": 1}
    key = row["kind"] in kinds
    return (kinds.get(row["kind"], 2), row["position"] if key else 0, row["column_name_bytes"])


def target_column(target):
    found = re.fullmatch(r"(?:keys|values|entries|full)\((.*)\)", target, re.S)
    inner = found[1] if found else target
    return inner[1:-1].replace('""', '"') if inner.startswith('"') else inner


def using(kind, name):
    if kind in ("KEYS", "COMPOSITES"):
        return "2i"
    last = (name or "").rsplit(".", 1)[-1].lower()
    return {"storageattachedindex": "sai", "sai": "sai", "sasiindex": "sasi"}.get(last)


def index_of(row):
    options = dict(row["options"] or {})
    target, name = options.pop("target", None), options.pop("class_name", None)
    return {"name": row["index_name"], "kind": row["kind"], "target": target, "class": name,
            "using": using(row["kind"], name), "columns": [target_column(target)],
            "options": pairs(options)}


def trigger_of(row):
    options = dict(row["options"] or {})
    return {"name": row["trigger_name"], "class": options.pop("class", None),
            "options": pairs(options)}


def dropped_of(row):
    ms = row["dropped_time"]
    out = {"name": row["column_name"], "type": row["type"]}
    if "kind" in row:
        out["kind"] = row["kind"]
    return {**out, "dropped_at": moment(ms), "dropped_at_raw": str(ms)}


def moment(ms):
    """RFC 3339 in UTC between 1970 and 2200, else null"""
    import datetime
    if ms is None or not 0 <= ms < YEAR_2200_MS:
        return None
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)
    return at.isoformat(timespec="milliseconds") + "Z"


class Rows:
    """Raw rows by keyspace and table."""

    def __init__(self, rows):
        self.all = rows
        self.udts = {}
        for row in rows["system_schema.types"] or []:
            self.udts.setdefault(row["keyspace_name"], {})[row["type_name"]] = row

    def of(self, table, keyspace, name):
        if not hasattr(self, "_by"):
            self._by = {}
        if table not in self._by:
            by = self._by[table] = {}
            for row in self.all[table] or []:
                by.setdefault((row["keyspace_name"], row["table_name"]), []).append(row)
        return self._by[table].get((keyspace, name), [])


def table_like(rows, row, name, columns_table):
    keyspace = row["keyspace_name"]
    udts = rows.udts.get(keyspace, {})
    masks = {m["column_name"]: m for m in rows.of("system_schema.column_masks", keyspace, name)}
    columns = [column_of(c, udts, masks)
               for c in sorted(rows.of(columns_table, keyspace, name), key=column_rank)]
    return {"keyspace": keyspace, "name": name, "columns": columns,
            "types": used_types(columns, udts)}


def children(rows, keyspace, name):
    def by(column, make, table):
        found = rows.of(f"system_schema.{table}", keyspace, name)
        return [make(row) for row in sorted(found, key=lambda row: row[column].encode())]

    return {"indexes": by("index_name", index_of, "indexes"),
            "triggers": by("trigger_name", trigger_of, "triggers"),
            "dropped_columns": by("column_name", dropped_of, "dropped_columns")}


def table_body(rows, row, kind):
    used = USED[kind + "s"]
    name = row[f"{kind}_name"]
    body = table_like(rows, row, name, "system_schema.columns")
    body["table_id"] = str(row["id"])
    body["comment"] = row["comment"]
    body["options"] = {o: option_value(o, row[o]) for o in OPTIONS if o in row}
    body["extra"] = extra(row, used)
    body.update(children(rows, row["keyspace_name"], name))
    if kind == "table":
        body["flags"] = sorted(row["flags"] or [])
    else:
        body.update(base_table=row["base_table_name"], base_table_id=str(row["base_table_id"]),
                    where_clause=row["where_clause"],
                    include_all_columns=row["include_all_columns"])
    return body


def virtual_body(rows, row):
    body = table_like(rows, row, row["table_name"], "system_virtual_schema.columns")
    return {**body, "comment": row["comment"]}


def function_body(row):
    return {"keyspace": row["keyspace_name"], "name": row["function_name"],
            "arguments": [{"name": name, "type": kind} for name, kind in
                          zip(row["argument_names"] or [], row["argument_types"] or [])],
            "return_type": row["return_type"], "language": row["language"], "body": row["body"],
            "called_on_null_input": row["called_on_null_input"]}


def aggregate_body(row):
    return {"keyspace": row["keyspace_name"], "name": row["aggregate_name"],
            "argument_types": list(row["argument_types"] or []),
            "return_type": row["return_type"], "state_function": row["state_func"],
            "state_type": row["state_type"], "final_function": row["final_func"],
            "initial_condition": row["initcond"]}


def bodies(raw, cluster):
    """Every schema object that the server has: {id: Body}"""
    rows, out = Rows(raw), {}

    def add(kind, row, fields, *parts, virtual=False, signature=None):
        keyspace = row["keyspace_name"]
        key = record_id(cluster, kind, keyspace, *parts, signature=signature)
        assert key not in out, f"two objects with the id {key}"
        out[key] = Body(kind, is_system(keyspace), virtual, fields)

    for row in raw["system_schema.keyspaces"]:
        add("keyspace", row, {
            "name": row["keyspace_name"], "replication": class_and_options(row["replication"]),
            "durable_writes": row["durable_writes"], "extra": extra(row, USED["keyspaces"])})
    for row in raw["system_virtual_schema.keyspaces"] or []:
        add("keyspace", row, {"name": row["keyspace_name"]}, virtual=True)
    for kind in ("table", "view"):
        for row in raw[f"system_schema.{kind}s"] or []:
            add(kind, row, table_body(rows, row, kind), row[f"{kind}_name"])
    for row in raw["system_virtual_schema.tables"] or []:
        add("table", row, virtual_body(rows, row), row["table_name"], virtual=True)
    for keyspace, types in rows.udts.items():
        for name, row in types.items():
            add("type", row, {"keyspace": keyspace, "name": name,
                              "fields": fields_of(row, types)}, name)
    for row in raw["system_schema.functions"] or []:
        add("function", row, function_body(row), row["function_name"],
            signature=row["argument_types"] or [])
    for row in raw["system_schema.aggregates"] or []:
        add("aggregate", row, aggregate_body(row), row["aggregate_name"],
            signature=row["argument_types"] or [])
    return out


def node_of(row, port, observed):
    names = [("broadcast", "broadcast_address"), ("listen", "listen_address"),
             ("rpc", "rpc_address"), ("native", "native_address"), ("preferred", "preferred_ip"),
             ("peer", "peer")]
    numbers = [("broadcast", "broadcast_port"), ("listen", "listen_port"), ("rpc", "rpc_port"),
               ("native", "native_port"), ("preferred", "preferred_port"), ("peer", "peer_port")]
    ports = {key: row[name] for key, name in numbers if name in row}
    unknown = {name: row[name] for name in ("thrift_version",) if name in row}
    return {"host_id": str(row["host_id"]), "dc": row["data_center"], "rack": row["rack"],
            "release_version": row["release_version"],
            "schema_version": str(row["schema_version"]), "observed": observed,
            "port": row.get("native_port") or row.get("rpc_port") or port,
            "addresses": {key: row[name] for key, name in names if name in row},
            **({"ports": ports} if ports else {}), "extra": unknown}


def nodes(raw, cluster, port):
    local = raw["system.local"][0]
    found = [node_of(local, port, True)]
    peers = raw["system.peers_v2"] if raw["system.peers_v2"] is not None else raw["system.peers"]
    found += [node_of(row, port, False) for row in peers]
    return {record_id(cluster, "node", node["host_id"]):
            Body("node", False, False, node) for node in found}


def cluster_facts(raw):
    local = raw["system.local"][0]
    return {"name": local["cluster_name"], "partitioner": local["partitioner"],
            "release_version": local["release_version"], "cql_version": local["cql_version"]}
