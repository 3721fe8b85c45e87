# SPDX-License-Identifier: Apache-2.0
"""Records against the metadata of the Python driver, which parsed the same server by itself.

What the driver builds from several rows (key order, static, reversed, compact storage) is derived
from the record in the same direction and compared; what it keeps as sent is compared as it is.
"""
import ast

import expected
from compare import MISSING

SIDE = "driver"


def as_map(value):
    """{"class": .., "options": [..]} as the map that the server keeps"""
    if value is None:
        return None
    mapping = {pair["name"]: pair["value"] for pair in value["options"]}
    return mapping if value["class"] is None else {"class": value["class"], **mapping}


def check(tally, records, cluster, name, with_system):
    found = {record["id"]: record for record in records}
    wanted = set()

    def record_of(kind, keyspace, *parts, signature=None):
        if not with_system and expected.is_system(keyspace):
            return None
        key = expected.record_id(name, kind, keyspace, *parts, signature=signature)
        wanted.add(key)
        if key not in found:
            tally.fail(SIDE, key, "record", MISSING, kind)
        return found.get(key)

    for keyspace in cluster.metadata.keyspaces.values():
        record = record_of("keyspace", keyspace.name)
        if record:
            check_keyspace(tally, record, keyspace)
        for kind, members in (("table", keyspace.tables), ("view", keyspace.views)):
            for one in members.values():
                record = record_of(kind, keyspace.name, one.name)
                if record:
                    check_table(tally, record, one, kind)
        check_named(tally, record_of, keyspace)
    for record in records:
        if record["kind"] in ("keyspace", "table", "view", "type", "function", "aggregate") \
                and record["id"] not in wanted:
            tally.fail(SIDE, record["id"], "record", record["kind"], MISSING)
    check_nodes(tally, found, cluster, name)


def check_named(tally, record_of, keyspace):
    for one in keyspace.user_types.values():
        record = record_of("type", keyspace.name, one.name)
        if record:
            fields = [(field["name"], field["type"]) for field in record["fields"]]
            tally.deep(SIDE, record["id"], "fields", [list(field) for field in fields],
                       [list(pair) for pair in zip(one.field_names, one.field_types)])
    for one in keyspace.functions.values():
        record = record_of("function", keyspace.name, one.name, signature=one.argument_types)
        if record:
            check_function(tally, record, one)
    for one in keyspace.aggregates.values():
        record = record_of("aggregate", keyspace.name, one.name, signature=one.argument_types)
        if record:
            check_aggregate(tally, record, one)


def check_keyspace(tally, record, keyspace):
    where = record["id"]
    tally.same(SIDE, where, "name", record["name"], keyspace.name)
    tally.same(SIDE, where, "virtual", record["virtual"], keyspace.virtual)
    if keyspace.virtual:
        return
    tally.same(SIDE, where, "durable_writes", record["durable_writes"], keyspace.durable_writes)
    given = as_map(record["replication"])
    given["class"] = given["class"].rsplit(".", 1)[-1]
    strategy = keyspace.replication_strategy
    options = ast.literal_eval(strategy.export_for_schema())
    tally.deep(SIDE, where, "replication", given, {key: str(options[key]) for key in options})


def columns_of_driver(table):
    keys = {column.name: ("partition_key", i) for i, column in enumerate(table.partition_key)}
    keys.update({column.name: ("clustering", i) for i, column in enumerate(table.clustering_key)})
    out = {}
    for name, column in table.columns.items():
        kind, position = keys.get(name, ("static" if column.is_static else "regular", MISSING))
        order = MISSING
        if kind == "clustering":
            order = "desc" if column.is_reversed else "asc"
        out[name] = {"type": column.cql_type, "kind": kind, "position": position, "order": order}
    return out


def check_columns(tally, record, table):
    where, theirs = record["id"], columns_of_driver(table)
    ours = {column["name"]: column for column in record["columns"]}
    tally.same(SIDE, where, "columns: each once", len(ours), len(record["columns"]))
    for name in list(ours) + [name for name in theirs if name not in ours]:
        field = f"columns[{name}]"
        if name not in theirs:
            tally.fail(SIDE, where, field, f"{ours[name]['kind']} {ours[name]['type']}", None)
        elif name not in ours:
            tally.fail(SIDE, where, field, None, f"{theirs[name]['kind']} {theirs[name]['type']}")
        else:
            for key, value in theirs[name].items():
                tally.same(SIDE, where, f"{field}.{key}", ours[name].get(key, MISSING), value)


def check_table(tally, record, table, kind):
    where = record["id"]
    tally.same(SIDE, where, "parsed", True, getattr(table, "_exc_info", None) is None)
    tally.same(SIDE, where, "name", record["name"], table.name)
    check_columns(tally, record, table)
    if kind == "view":
        tally.same(SIDE, where, "base_table", record["base_table"], table.base_table_name)
        tally.same(SIDE, where, "where_clause", record["where_clause"], table.where_clause)
        tally.same(SIDE, where, "include_all_columns", record["include_all_columns"],
                   table.include_all_columns)
    else:
        tally.same(SIDE, where, "virtual", record["virtual"], table.virtual)
        if not table.virtual:
            flags = record["flags"]
            compact = "dense" in flags or "super" in flags or "compound" not in flags
            tally.same(SIDE, where, "compact storage", compact, table.is_compact_storage)
        check_attached(tally, record, table)
    check_options(tally, record, table)


def check_options(tally, record, table):
    where, options = record["id"], record.get("options", {})
    for name, value in (table.options or {}).items():
        if name == "comment":
            given = record.get("comment", MISSING)
        else:
            given = options.get(name, MISSING)
        if name in ("compaction", "compression") and isinstance(given, dict):
            given = as_map(given)
        elif name == "caching" and isinstance(given, dict):
            given = dict(given)
        if value is not None and name in ("compaction", "compression", "caching"):
            value = dict(value)
        tally.deep(SIDE, where, f"options.{name}", given, value)
    if table.extensions is not None and not getattr(table, "virtual", False):
        given = {pair["name"]: pair["value"] for pair in options.get("extensions") or []}
        tally.deep(SIDE, where, "options.extensions", given,
                   {name: "0x" + value.hex() for name, value in table.extensions.items()})


def check_attached(tally, record, table):
    where = record["id"]
    indexes = {index["name"]: index for index in record.get("indexes", [])}
    tally.same(SIDE, where, "indexes: names", sorted(indexes), sorted(table.indexes))
    for name, index in table.indexes.items():
        given = indexes.get(name)
        if given:
            options = {pair["name"]: pair["value"] for pair in given["options"]}
            options["target"] = given["target"]
            if given["class"] is not None:
                options["class_name"] = given["class"]
            tally.same(SIDE, where, f"indexes[{name}].kind", given["kind"], index.kind)
            tally.deep(SIDE, where, f"indexes[{name}].options", options,
                       dict(index.index_options))
    triggers = {trigger["name"]: trigger for trigger in record.get("triggers", [])}
    tally.same(SIDE, where, "triggers: names", sorted(triggers), sorted(table.triggers))
    for name, trigger in table.triggers.items():
        given = triggers.get(name)
        if given:
            options = {pair["name"]: pair["value"] for pair in given["options"]}
            tally.deep(SIDE, where, f"triggers[{name}].options",
                       {**options, "class": given["class"]}, dict(trigger.options))


def check_function(tally, record, function):
    where = record["id"]
    arguments = [[a["name"], a["type"]] for a in record["arguments"]]
    tally.deep(SIDE, where, "arguments", arguments,
               [list(pair) for pair in zip(function.argument_names, function.argument_types)])
    for key in ("return_type", "language", "body", "called_on_null_input"):
        tally.same(SIDE, where, key, record[key], getattr(function, key))


def check_aggregate(tally, record, aggregate):
    where = record["id"]
    tally.deep(SIDE, where, "argument_types", record["argument_types"],
               list(aggregate.argument_types))
    for key, attribute in (("return_type", "return_type"), ("state_function", "state_func"),
                           ("state_type", "state_type"), ("final_function", "final_func"),
                           ("initial_condition", "initial_condition")):
        tally.same(SIDE, where, key, record[key], getattr(aggregate, attribute))


def check_nodes(tally, found, cluster, name):
    for host in cluster.metadata.all_hosts():
        where = expected.record_id(name, "node", str(host.host_id))
        record = found.get(where)
        if record is None:
            tally.fail(SIDE, where, "record", MISSING, "node")
            continue
        tally.same(SIDE, where, "dc", record["dc"], host.datacenter)
        tally.same(SIDE, where, "rack", record["rack"], host.rack)
        tally.same(SIDE, where, "release_version", record["release_version"],
                   host.release_version)
        given = record["addresses"]
        tally.same(SIDE, where, "address", given.get("native") or given.get("rpc"), host.address)
