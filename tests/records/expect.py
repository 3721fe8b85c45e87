# SPDX-License-Identifier: Apache-2.0
"""expect.py ROWS.json RECORDS.ndjson [PORT]: the records against the rows that an independent client decoded.

Builds the body that every row ought to become and compares it with the record of that id, member by
member and in order; nothing may be missing and nothing may be left over. Written from docs/records.md;
knows the rows' columns by name only. Prints each difference, the members compared, and
`N passed, N failed`, a check per object.
"""
import base64
import datetime
import json
import re
import sys

import canon

YEAR_2200_MS = 7258118400000
OPTION_COLUMNS = """additional_write_policy allow_auto_snapshot bloom_filter_fp_chance caching cdc
    compaction compression crc_check_chance dclocal_read_repair_chance default_time_to_live extensions
    gc_grace_seconds incremental_backups max_index_interval memtable memtable_flush_period_in_ms
    min_index_interval read_repair read_repair_chance speculative_retry""".split()
TABLE_COLUMNS = {"keyspace_name", "table_name", "id", "comment", "flags", *OPTION_COLUMNS}
VIEW_COLUMNS = {"keyspace_name", "view_name", "id", "comment", "base_table_id", "base_table_name",
                "include_all_columns", "where_clause", *OPTION_COLUMNS}
LOCAL_COLUMNS = set("""key bootstrapped broadcast_address broadcast_port cluster_name cql_version
    data_center gossip_generation host_id listen_address listen_port native_protocol_version
    partitioner rack release_version rpc_address rpc_port schema_version dse_version tokens
    truncated_at""".split())
BUILT_IN = set("""ascii bigint blob boolean counter date decimal double duration float frozen inet int
    list map set smallint text time timestamp timeuuid tinyint tuple uuid varchar varint vector empty
    """.split())


class Source:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            self.tables = json.load(f)

    def has(self, table):
        return "rows" in self.tables[table]

    def types(self, table):
        return dict(map(tuple, self.tables[table]["columns"]))

    def rows(self, table, **where):
        if not self.has(table):
            return
        names = [column[0] for column in self.tables[table]["columns"]]
        for row in self.tables[table]["rows"]:
            row = dict(zip(names, row))
            if all(row[key] == value for key, value in where.items()):
                yield row


def by_bytes(text):
    return text.encode()


def pairs(mapping, without=()):
    if mapping is None:
        return None
    return [{"name": name, "value": mapping[name]} for name in sorted(mapping, key=by_bytes)
            if name not in without]


def class_of(mapping):
    if mapping is None:
        return None
    key = "sstable_compression" if "class" not in mapping and (
        "sstable_compression" in mapping) else "class"
    return {"class": mapping.get(key), "options": pairs(mapping, (key,))}


def option(name, value):
    if value is None:
        return None
    if name in ("compaction", "compression"):
        return class_of(value)
    if name == "caching":
        return {key: value[key] for key in ("keys", "rows_per_partition") if key in value}
    if name == "extensions":
        return [{"name": one, "value": "0x" + value[one]} for one in sorted(value, key=by_bytes)]
    return value


def extra(source, table, row, known):
    types = source.types(table)
    return [{"name": name, "type": types[name].replace("varchar", "text"), "value": str(value)}
            for name, value in row.items() if name not in known]


def used(cql_type, udts):
    names = []
    for quoted, plain in re.findall(r'"((?:[^"]|"")+)"|(\w+)', re.sub(r"'[^']*'", "", cql_type)):
        name = quoted.replace('""', '"') or plain
        if (quoted or plain not in BUILT_IN) and name in udts and name not in names:
            names.append(name)
    return names


def with_uses(out, cql_type, udts):
    names = used(cql_type, udts)
    return {**out, "uses": names} if names else out


def fields(row, udts):
    return [with_uses({"name": name, "type": cql_type}, cql_type, udts)
            for name, cql_type in zip(row["field_names"], row["field_types"])]


def column(row, udts):
    out = {"name": row["column_name"], "type": row["type"], "kind": row["kind"]}
    if bytes.fromhex(row["column_name_bytes"]) != row["column_name"].encode():
        out = {"name": row["column_name"], "name_base64": base64.b64encode(
            bytes.fromhex(row["column_name_bytes"])).decode(), **out}
    if row["position"] != -1:
        out["position"] = row["position"]
    if row["clustering_order"] != "none":
        out["order"] = row["clustering_order"]
    return with_uses(out, row["type"], udts)


def key_order(row):
    rank = {"partition_key": 0, "clustering": 1}.get(row["kind"], 2)
    return (rank, row["position"] if rank < 2 else 0, row["column_name"].encode())


def closure(columns, udts):
    todo, reached = [name for one in columns for name in one.get("uses", [])], set()
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            for cql_type in udts[name]["field_types"]:
                todo += used(cql_type, udts)
    return [{"name": name, "fields": fields(udts[name], udts)}
            for name in sorted(reached, key=by_bytes)]


def target_columns(target):
    inner = re.fullmatch(r"(?:keys|values|entries|full)\((.*)\)", target)
    name = inner[1] if inner else target
    return [name[1:-1].replace('""', '"') if name.startswith('"') else name]


def index(row):
    options, known = row["options"], ("target", "class_name")
    last = (options.get("class_name") or "").split(".")[-1].lower()
    using = "2i" if row["kind"] != "CUSTOM" else {
        "sai": "sai", "storageattachedindex": "sai", "sasiindex": "sasi"}.get(last)
    return {"name": row["index_name"], "kind": row["kind"], "target": options["target"],
            "class": options.get("class_name"), "using": using,
            "columns": target_columns(options["target"]), "options": pairs(options, known)}


def trigger(row):
    return {"name": row["trigger_name"], "class": row["options"]["class"],
            "options": pairs(row["options"], ("class",))}


def date(ms):
    if not 0 <= ms < YEAR_2200_MS:
        return None
    at = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)
    return at.isoformat(timespec="milliseconds") + "Z"


def dropped(row):
    return {"name": row["column_name"], "type": row["type"], "kind": row["kind"],
            "dropped_at": date(row["dropped_time"]), "dropped_at_raw": str(row["dropped_time"])}


def table(source, row, kind, virtual):
    keyspace, name = row["keyspace_name"], row["view_name" if kind == "view" else "table_name"]
    where = {"keyspace_name": keyspace, "table_name": name}
    schema = "system_virtual_schema" if virtual else "system_schema"
    udts = {one["type_name"]: one
            for one in source.rows("system_schema.types", keyspace_name=keyspace)}
    columns = [column(one, udts) for one in sorted(
        source.rows(schema + ".columns", **where), key=key_order)]
    out = {"keyspace": keyspace, "name": name}
    if virtual:
        return {**out, "comment": row["comment"], "columns": columns, "extra": []}
    out["table_id"] = row["id"]
    if kind == "view":
        out.update(base_table=row["base_table_name"], base_table_id=row["base_table_id"],
                   where_clause=row["where_clause"],
                   include_all_columns=row["include_all_columns"])
    out.update(comment=row["comment"], columns=columns, types=closure(columns, udts))
    if kind == "table":
        out["flags"] = row["flags"]
    out["options"] = {name: option(name, row[name]) for name in OPTION_COLUMNS if name in row}
    for key, make, child in (("indexes", index, "indexes"), ("triggers", trigger, "triggers"),
                             ("dropped_columns", dropped, "dropped_columns")):
        out[key] = [make(one) for one in source.rows("system_schema." + child, **where)]
    known = VIEW_COLUMNS if kind == "view" else TABLE_COLUMNS
    out["extra"] = extra(source, f"system_schema.{kind}s", row, known)
    return out


def keyspaces(source):
    for row in source.rows("system_schema.keyspaces"):
        yield "keyspace", False, {
            "name": row["keyspace_name"], "replication": class_of(row["replication"]),
            "durable_writes": row["durable_writes"], "extra": []}
    for row in source.rows("system_virtual_schema.keyspaces"):
        yield "keyspace", True, {"name": row["keyspace_name"], "extra": []}


def code(source):
    for row in source.rows("system_schema.functions"):
        yield "function", False, {
            "keyspace": row["keyspace_name"], "name": row["function_name"],
            "arguments": [{"name": name, "type": cql_type} for name, cql_type in
                          zip(row["argument_names"], row["argument_types"])],
            "return_type": row["return_type"], "language": row["language"], "body": row["body"],
            "called_on_null_input": row["called_on_null_input"], "extra": []}
    for row in source.rows("system_schema.aggregates"):
        yield "aggregate", False, {
            "keyspace": row["keyspace_name"], "name": row["aggregate_name"],
            "argument_types": row["argument_types"], "return_type": row["return_type"],
            "state_function": row["state_func"], "state_type": row["state_type"],
            "final_function": row["final_func"], "initial_condition": row["initcond"], "extra": []}


def types(source):
    for row in source.rows("system_schema.types"):
        udts = {one["type_name"]: one for one in source.rows(
            "system_schema.types", keyspace_name=row["keyspace_name"])}
        yield "type", False, {"keyspace": row["keyspace_name"], "name": row["type_name"],
                              "fields": fields(row, udts), "extra": []}


def node(source, port):
    (row,) = source.rows("system.local")
    ports = {key: row[key + "_port"] for key in ("broadcast", "listen", "rpc")
             if key + "_port" in row}
    yield "node", False, {
        "host_id": row["host_id"],
        "addresses": {key: row[key + "_address"] for key in ("broadcast", "listen", "rpc")},
        "port": row.get("rpc_port", port), **({"ports": ports} if ports else {}),
        "dc": row["data_center"], "rack": row["rack"], "release_version": row["release_version"],
        "schema_version": row["schema_version"], "observed": True,
        "extra": extra(source, "system.local", row, LOCAL_COLUMNS)}


def bodies(source, port=9042):
    """(kind, virtual, body) of all; port: the one dialled, of nodes that name none"""
    yield from keyspaces(source)
    for kind in ("table", "view"):
        for row in source.rows(f"system_schema.{kind}s"):
            yield kind, False, table(source, row, kind, False)
    for row in source.rows("system_virtual_schema.tables"):
        yield "table", True, table(source, row, "table", True)
    yield from types(source)
    yield from code(source)
    yield from node(source, port)


def leaves(value):
    if isinstance(value, dict):
        return sum(map(leaves, value.values()))
    if isinstance(value, list):
        return sum(map(leaves, value))
    return 1


def compare(record, kind, virtual, body):
    got = {key: value for key, value in record.items() if key not in canon.COMMON}
    if list(got) != list(body):
        return f"members {list(got)}, expected {list(body)}"
    for key, value in body.items():
        # as texts: the order of members counts too
        if json.dumps(got[key]) != json.dumps(value) and not (
                isinstance(value, float) and got[key] == value):
            want, have = json.dumps(value), json.dumps(got[key])
            if numbers(want) != numbers(have):
                return f"{key} is {have}, expected {want}"
    keyspace = record.get("keyspace", record.get("name", ""))
    system = kind != "node" and keyspace.startswith("system")
    if (record["virtual"], record["system"]) != (virtual, system):
        return "virtual or system is wrong"
    return None


def numbers(text):
    """1.0 and 1 are the same number."""
    return re.sub(r"(?<=[:\[ ])(-?\d+)\.0(?=[,\]}])", r"\1", text)


def main(rows, records, port=9042):
    source, found, failed, compared, objects = Source(rows), {}, [], 0, 0
    with open(records, encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if record["id"] in found:
                failed.append(f"{record['id']}: twice")
            found[record["id"]] = record
    cluster = next(iter(found.values()))["cluster"]
    for kind, virtual, body in bodies(source, int(port)):
        key = canon.record_id({"kind": kind, "cluster": cluster, "observed": True, **body})
        record = found.pop(key, None)
        objects, compared = objects + 1, compared + leaves(body)
        why = compare(record, kind, virtual, body) if record else "missing"
        if why:
            failed.append(f"{key}: {why}")
    failed += [f"{key}: nobody asked for it" for key, record in found.items()
               if record["kind"] not in ("cluster", "scope_begin", "scope_end")]
    for one in failed[:20]:
        print("FAIL", one)
    print(f"objects {objects}, members {compared} compared")
    print(f"{max(0, objects - len(failed))} passed, {len(failed)} failed")
    return 1 if failed or not objects else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
