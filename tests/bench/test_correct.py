#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""test_correct.py [CASE...]: bench/correct_core.py, the judge of what programs find, on made models."""
import json
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import correct_core as core  # noqa: E402

ROWS = {
    "system_schema.keyspaces": [{"keyspace_name": "k"}],
    "system_schema.tables": [{"keyspace_name": "k", "table_name": "t"}],
    "system_schema.columns": [
        {"keyspace_name": "k", "table_name": "t", "column_name": "a", "type": "frozen<list<int>>"},
        {"keyspace_name": "k", "table_name": "v", "column_name": "a", "type": "text"}],
    "system_schema.views": [{"keyspace_name": "k", "view_name": "v"}],
    "system_schema.indexes": [{"keyspace_name": "k", "table_name": "t", "index_name": "i"}],
    "system_schema.triggers": [{"keyspace_name": "k", "table_name": "t", "trigger_name": "g"}],
    "system_schema.types": [{"keyspace_name": "k", "type_name": "u", "field_names": ["f"],
                             "field_types": ["frozen<tuple<int, varchar>>"]}],
    "system_schema.functions": [
        {"keyspace_name": "k", "function_name": "f", "argument_types": ["int"]},
        {"keyspace_name": "k", "function_name": "f", "argument_types": ["frozen<set<int>>"]}],
    "system_schema.aggregates": [{"keyspace_name": "k", "aggregate_name": "g",
                                  "argument_types": None}],
    "system_virtual_schema.keyspaces": [{"keyspace_name": "system_views"}],
    "system_virtual_schema.tables": [{"keyspace_name": "system_views", "table_name": "w"}],
    "system_virtual_schema.columns": [{"keyspace_name": "system_views", "table_name": "w",
                                       "column_name": "c", "type": "int"}],
}
DRIVERS = {
    "k": {"tables": {"t": {"columns": [{"name": "a", "type": "frozen<list<int>>"}],
                           "indexes": {"i": {}}, "triggers": ["g"]}},
          "views": {"v": {"columns": [{"name": "a", "type": "varchar"}]}},
          "types": {"u": [["f", "tuple<int, text>"]]},
          "functions": {"f(int)": {"name": "f", "arguments": ["int"]},
                        "f(set<int>)": {"name": "f", "arguments": ["set<int>"]}},
          "aggregates": {"g()": {"name": "g", "arguments": []}}},
    "system_views": {"tables": {"w": {"columns": [{"name": "c", "type": "int"}]}}},
}


def drivers(change=None):
    model = json.loads(json.dumps(DRIVERS))
    if change:
        change(model)
    return core.from_drivers(json.dumps(model) + "\n{}\n")


def faults(found):
    """{kind: {what: number}} without what is right"""
    judged = core.judge(core.from_rows(ROWS), found)
    wrong = {kind: {what: verdict[what] for what in ("missed", "invented", "wrong", "frozen")
                    if verdict[what]} for kind, verdict in judged.items()}
    return {kind: one for kind, one in wrong.items() if one}


class Types(unittest.TestCase):
    def same(self, one, other, keyspace="k"):
        self.assertEqual(core.canonical(one, keyspace), core.canonical(other, keyspace))

    def differ(self, one, other, keyspace="k"):
        self.assertNotEqual(core.canonical(one, keyspace), core.canonical(other, keyspace))

    def test_spelling(self):
        self.same("map<text, frozen<list<int>>>", "map<varchar,frozen< list<int> >>")
        self.same('frozen<"k"."My Type">', 'frozen<"My Type">')
        self.same("k.point", "point")
        self.same("frozen<tuple<int, text>>", "tuple<int, text>")
        self.same("vector<float, 4>", "vector<float,4>")

    def test_substance(self):
        self.differ("list<int>", "set<int>")
        self.differ("list<int>", "frozen<list<int>>")
        self.differ("vector<float, 4>", "vector<float, 5>")
        self.differ('"Point"', "point")
        self.differ("other.point", "point")
        self.differ("map<int, text>", "map<text, int>")
        self.differ("tuple<int, tuple<int>>", "tuple<int, int>")
        self.differ("'a.b.C'", "text")

    def test_odd_names(self):
        for name in ('"a/b%c (d),e"', '"with ""quote"""', '"Тип 😀"', "'a.b(c=>d)'"):
            self.assertNotIn("?", core.canonical(f"list<frozen<{name}>>", "k"))
        self.differ('list<"a,b">', "list<a>")

    def test_without_frozen(self):
        self.assertEqual(core.canonical("frozen<map<int, frozen<set<u>>>>", "k", frozen=False),
                         "map<int, set<u>>")


class Judge(unittest.TestCase):
    def test_all_found(self):
        self.assertEqual(faults(drivers()), {})

    def test_server_alone(self):
        self.assertEqual(faults(core.from_rows(ROWS)), {})

    def test_missed(self):
        def change(model):
            del model["k"]["tables"]["t"]["triggers"], model["system_views"]
            del model["k"]["functions"]["f(int)"]

        self.assertEqual(faults(drivers(change)), {
            "trigger": {"missed": 1}, "function": {"missed": 1}, "virtual keyspace": {"missed": 1},
            "virtual table": {"missed": 1}, "virtual column": {"missed": 1}})

    def test_invented(self):
        def change(model):
            model["k"]["tables"]["v"] = {"columns": [{"name": "a", "type": "text"}]}
            model["k"]["tables"]["t"]["indexes"]["j"] = {}

        self.assertEqual(faults(drivers(change)), {"table": {"invented": 1},
                                                   "index": {"invented": 1}})

    def test_wrong(self):
        def change(model):
            model["k"]["tables"]["t"]["columns"][0]["type"] = "list<int>"
            model["k"]["views"]["v"]["columns"][0]["type"] = "blob"
            model["k"]["types"]["u"] = [["f", "tuple<int, int>"]]

        self.assertEqual(faults(drivers(change)), {"column": {"wrong": 1, "frozen": 1},
                                                   "type": {"wrong": 1}})

    def test_folded_overloads(self):
        def change(model):
            model["k"]["functions"] = {"f": {"name": "f", "arguments": ["set<int>"]}}

        self.assertEqual(faults(drivers(change)), {"function": {"missed": 1}})

    def test_nothing(self):
        judged = core.judge(core.from_rows(ROWS), drivers(dict.clear))
        self.assertTrue(all(one["missed"] and not one["found"] for one in judged.values()))
        self.assertEqual(judged["function"]["examples"]["missed"], ["k.f(int)", "k.f(set<int>)"])


class Readers(unittest.TestCase):
    def test_records(self):
        def record(kind, **more):
            return json.dumps({"kind": kind, **more})

        columns = [{"name": "a", "type": "frozen<list<int>>"}]
        lines = [
            record("scope_begin"), record("keyspace", name="k"),
            record("table", keyspace="k", name="t", columns=columns, indexes=[{"name": "i"}],
                   triggers=[{"name": "g"}]),
            record("view", keyspace="k", name="v", columns=[{"name": "a", "type": "text"}]),
            record("type", keyspace="k", name="u",
                   fields=[{"name": "f", "type": "frozen<tuple<int, text>>"}]),
            record("function", keyspace="k", name="f", arguments=[{"name": "x", "type": "int"}]),
            record("function", keyspace="k", name="f", arguments=[{"name": "x", "type": "set<int>"}]),
            record("aggregate", keyspace="k", name="g", argument_types=[]),
            record("keyspace", name="system_views"),
            record("table", keyspace="system_views", name="w", columns=[{"name": "c", "type": "int"}])]
        self.assertEqual(faults(core.from_records("\n".join(lines) + "\n")), {})

    def test_datahub(self):
        urn = "urn:li:dataset:(urn:li:dataPlatform:cassandra,k.%s,PROD)"

        def aspect(name, body, urn_of="urn:li:container:1"):
            return {"entityUrn": urn_of, "aspectName": name, "aspect": {"json": body}}

        fields = [{"fieldPath": "a", "nativeDataType": "text"}]
        text = json.dumps([
            aspect("containerProperties", {"name": "k"}),
            aspect("schemaMetadata", {"fields": fields}, urn % "t.with dot"),
            aspect("schemaMetadata", {"fields": fields}, urn % "v"),
            aspect("viewProperties", {}, urn % "v")])
        model = core.from_datahub("a line of a log\n" + text)
        self.assertEqual(set(model["table"]), {("k", "t.with dot")})
        self.assertEqual(set(model["view"]), {("k", "v")})
        self.assertEqual(model["column"], {("k", "t.with dot", "a"): "text", ("k", "v", "a"): "text"})

    def test_openmetadata(self):
        columns = [{"name": "a", "dataTypeDisplay": "int"}]
        text = "\n".join(json.dumps(one) for one in [
            {"name": "default", "service": "s"}, {"name": "1234", "database": "s.default"},
            {"name": "t", "databaseSchema": 's.default."1234"', "tableType": "Regular",
             "columns": columns},
            {"name": "v", "databaseSchema": "s.default.k", "tableType": "MaterializedView",
             "columns": columns}])
        model = core.from_openmetadata(text + "\n")
        self.assertEqual(set(model["keyspace"]), {("1234",)})
        self.assertEqual(set(model["table"]), {("1234", "t")})
        self.assertEqual(set(model["view"]), {("k", "v")})
        self.assertEqual(model["column"][("1234", "t", "a")], "int")


if __name__ == "__main__":
    unittest.main()
