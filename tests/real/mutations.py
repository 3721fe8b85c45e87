# SPDX-License-Identifier: Apache-2.0
"""Known faults, put into right records one at a time: each has to turn the oracle red.

A mutation gets its own deep copy of the records, changes one thing and returns True; False says
that this server has nothing of the kind (masks before 5.0), which its least version allows.
"""

TABLES = ("table", "view")


def first(records, kinds, want=lambda record: True):
    for record in records:
        if record["kind"] in kinds and not record["system"] and want(record):
            return record
    return None


def having(records, key, kinds=("table",)):
    return first(records, kinds, lambda record: record.get(key))


def remove_column(records):
    record = first(records, TABLES, lambda r: r["columns"][-1]["kind"] == "regular")
    record["columns"].pop()
    return True


def remove_index(records):
    having(records, "indexes")["indexes"].pop()
    return True


def masked(records):
    for record in records:
        for column in record.get("columns", []):
            if column.get("mask"):
                return column
    return None


def remove_mask(records):
    column = masked(records)
    return column is not None and column.pop("mask") is not None


def change_mask(records):
    for record in records:
        for column in record.get("columns", []):
            if column.get("mask", {}).get("arguments"):
                column["mask"]["arguments"].pop()
                return True
    return False


def change_type(records):
    record = first(records, TABLES)
    record["columns"][0]["type"] = "frozen<" + record["columns"][0]["type"] + ">"
    return True


def flip_order(records):
    for record in records:
        for column in record.get("columns", []):
            if column.get("order") == "desc":
                column["order"] = "asc"
                return True
    return False


def swap_keys(records):
    record = first(records, ("table",), lambda r: len(
        [c for c in r["columns"] if c["kind"] == "partition_key"]) > 1)
    record["columns"][0]["position"], record["columns"][1]["position"] = 1, 0
    return True


def change_option(records):
    record = first(records, ("table",), lambda r: not r["virtual"])
    record["options"]["gc_grace_seconds"] += 1
    return True


def cut_comment(records):
    record = first(records, TABLES, lambda r: r["name"] == "comment_newlines")
    record["comment"] = record["comment"].split("\n")[0]
    return True


def change_base(records):
    first(records, ("view",))["base_table"] += "x"
    return True


def swap_fields(records):
    record = first(records, ("type",), lambda r: len(r["fields"]) > 1)
    record["fields"][0], record["fields"][1] = record["fields"][1], record["fields"][0]
    return True


def remove_dropped(records):
    having(records, "dropped_columns")["dropped_columns"].pop()
    return True


def change_body(records):
    first(records, ("function",))["body"] += " "
    return True


def remove_trigger(records):
    having(records, "triggers")["triggers"].pop()
    return True


def change_replication(records):
    record = first(records, ("keyspace",), lambda r: r["replication"]["options"])
    record["replication"]["options"][0]["value"] += "0"
    return True


def duplicate(records):
    records.insert(-1, dict(first(records, ("table",))))
    return True


def remove_record(kind):
    def remove(records):
        records.remove(first(records, (kind,)))
        return True
    return remove


def invent_record(records):
    record = dict(first(records, ("table",)))
    record["id"], record["name"] = record["id"] + "x", record["name"] + "x"
    records.insert(-1, record)
    return True


def change_used_type(records):
    having(records, "types")["types"][0]["fields"].pop()
    return True


def change_state(records):
    first(records, ("aggregate",), lambda r: r["initial_condition"])["initial_condition"] += "0"
    return True


def forget_extension(records):
    first(records, ("table",), lambda r: r.get("options", {}).get("extensions"))[
        "options"]["extensions"].pop()
    return True


def lie_about_rows(records):
    next(t for t in records[-1]["tables"] if t["outcome"] == "rows")["rows"] += 1
    return True


def lie_about_counts(records):
    records[-1]["counts"]["table"] -= 1
    return True


def swap_lines(records):
    records[2], records[3] = records[3], records[2]
    return True


def node_elsewhere(records):
    next(r for r in records if r["kind"] == "node")["rack"] += "x"
    return True


# name: (mutation, least version that has what it needs)
ALL = {
    "remove a column": (remove_column, (3, 0)), "remove an index": (remove_index, (3, 0)),
    "remove a mask": (remove_mask, (5, 0)), "drop a mask's argument": (change_mask, (5, 0)),
    "change a type": (change_type, (3, 0)), "flip an order": (flip_order, (3, 0)),
    "swap key positions": (swap_keys, (3, 0)), "change an option": (change_option, (3, 0)),
    "cut a comment": (cut_comment, (3, 0)), "change a view's base": (change_base, (3, 0)),
    "swap fields of a type": (swap_fields, (3, 0)),
    "remove a dropped column": (remove_dropped, (3, 0)),
    "change a function's body": (change_body, (3, 0)),
    "remove a trigger": (remove_trigger, (3, 0)),
    "change a replication": (change_replication, (3, 0)),
    "duplicate a record": (duplicate, (3, 0)),
    "remove a table": (remove_record("table"), (3, 0)),
    "remove a view": (remove_record("view"), (3, 0)),
    "remove a type": (remove_record("type"), (3, 0)),
    "remove a function": (remove_record("function"), (3, 0)),
    "remove an aggregate": (remove_record("aggregate"), (3, 0)),
    "remove a keyspace": (remove_record("keyspace"), (3, 0)),
    "invent a table": (invent_record, (3, 0)),
    "cut a field of a used type": (change_used_type, (3, 0)),
    "change an initial condition": (change_state, (3, 0)),
    "forget an extension": (forget_extension, (3, 0)),
    "count a row too many": (lie_about_rows, (3, 0)),
    "count a table too few": (lie_about_counts, (3, 0)),
    "swap two lines": (swap_lines, (3, 0)), "move a node": (node_elsewhere, (3, 0)),
}
