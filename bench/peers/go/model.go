// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"regexp"
	"strings"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
)

type counts struct {
	keyspaces, tables, columns, indexes, views, types, functions, aggregates int
}

func (c counts) named() map[string]int {
	return map[string]int{"keyspaces": c.keyspaces, "tables": c.tables, "columns": c.columns,
		"indexes": c.indexes, "views": c.views, "types": c.types, "functions": c.functions,
		"aggregates": c.aggregates}
}

type column struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Kind string `json:"kind"`
}

type relation struct {
	Columns       []column       `json:"columns"`
	PartitionKey  []string       `json:"partition_key,omitempty"`
	ClusteringKey []string       `json:"clustering_key,omitempty"`
	Indexes       map[string]any `json:"indexes,omitempty"`
	Base          string         `json:"base,omitempty"`
	Options       map[string]any `json:"options,omitempty"`
}

// function is a function or an aggregate.
type function struct {
	Name      string            `json:"name"`
	Arguments []string          `json:"arguments"`
	More      map[string]string `json:"more"`
}

type keyspace struct {
	Durable     bool                   `json:"durable_writes"`
	Replication string                 `json:"replication"`
	Options     map[string]any         `json:"options"`
	Tables      map[string]relation    `json:"tables"`
	Views       map[string]relation    `json:"views"`
	Types       map[string][][2]string `json:"types"`
	Functions   map[string]function    `json:"functions"`
	Aggregates  map[string]function    `json:"aggregates"`
}

var simple = map[gocql.Type]string{
	gocql.TypeAscii: "ascii", gocql.TypeBigInt: "bigint", gocql.TypeBlob: "blob",
	gocql.TypeBoolean: "boolean", gocql.TypeCounter: "counter", gocql.TypeDecimal: "decimal",
	gocql.TypeDouble: "double", gocql.TypeFloat: "float", gocql.TypeInt: "int",
	gocql.TypeText: "text", gocql.TypeTimestamp: "timestamp", gocql.TypeUUID: "uuid",
	gocql.TypeVarchar: "text", gocql.TypeVarint: "varint", gocql.TypeTimeUUID: "timeuuid",
	gocql.TypeInet: "inet", gocql.TypeDate: "date", gocql.TypeTime: "time",
	gocql.TypeSmallInt: "smallint", gocql.TypeTinyInt: "tinyint", gocql.TypeDuration: "duration",
}

var plain = regexp.MustCompile("^[a-z][a-z0-9_]*$")

func quoted(name string) string {
	if plain.MatchString(name) {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// cql writes a type of the driver's model in CQL; what it does not keep (frozen) is not there.
func cql(info gocql.TypeInfo) string {
	switch t := info.(type) {
	case nil:
		return "?"
	case gocql.CollectionType:
		switch t.Type() {
		case gocql.TypeMap:
			return "map<" + cql(t.Key) + ", " + cql(t.Elem) + ">"
		case gocql.TypeSet:
			return "set<" + cql(t.Elem) + ">"
		}
		return "list<" + cql(t.Elem) + ">"
	case gocql.TupleTypeInfo:
		return "tuple<" + strings.Join(list(t.Elems), ", ") + ">"
	case gocql.UDTTypeInfo:
		return quoted(t.Name)
	case gocql.VectorType:
		return fmt.Sprintf("vector<%s, %d>", cql(t.SubType), t.Dimensions)
	}
	if name, ok := simple[info.Type()]; ok {
		return name
	}
	return fmt.Sprint(info)
}

func list(types []gocql.TypeInfo) []string {
	out := make([]string, len(types))
	for i, t := range types {
		out[i] = cql(t)
	}
	return out
}

func names(columns []*gocql.ColumnMetadata) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		if c != nil {
			out[i] = c.Name
		}
	}
	return out
}

func table(t *gocql.TableMetadata) relation {
	r := relation{Columns: make([]column, 0, len(t.OrderedColumns)), Indexes: map[string]any{},
		PartitionKey: names(t.PartitionKey), ClusteringKey: names(t.ClusteringColumns)}
	for _, name := range t.OrderedColumns {
		c := t.Columns[name]
		// Validator is the type as the server sent it; Type is what the driver made of it.
		r.Columns = append(r.Columns, column{name, c.Validator, c.Kind.String()})
		if c.Index.Name != "" {
			r.Indexes[c.Index.Name] = c.Index.Options
		}
	}
	return r
}

func view(v *gocql.MaterializedViewMetadata) relation {
	r := relation{Columns: []column{}, Options: map[string]any{"comment": v.Comment,
		"compaction": v.Compaction, "compression": v.Compression}}
	if v.BaseTable != nil {
		r.Base = v.BaseTable.Name
	}
	return r
}

func fields(t *gocql.UserTypeMetadata) [][2]string {
	out := make([][2]string, len(t.FieldNames))
	for i, name := range t.FieldNames {
		out[i] = [2]string{name, cql(t.FieldTypes[i])}
	}
	return out
}

func space(k *gocql.KeyspaceMetadata, found *counts) keyspace {
	s := keyspace{Durable: k.DurableWrites, Replication: k.StrategyClass, Options: k.StrategyOptions,
		Tables: map[string]relation{}, Views: map[string]relation{},
		Types: map[string][][2]string{}, Functions: map[string]function{},
		Aggregates: map[string]function{}}
	for name, t := range k.Tables {
		r := table(t)
		found.columns += len(r.Columns)
		found.indexes += len(r.Indexes)
		s.Tables[name] = r
	}
	for name, v := range k.MaterializedViews {
		s.Views[name] = view(v)
	}
	for name, t := range k.UserTypes {
		s.Types[name] = fields(t)
	}
	for name, f := range k.Functions {
		s.Functions[name] = function{f.Name, list(f.ArgumentTypes), map[string]string{
			"returns": cql(f.ReturnType), "language": f.Language, "body": f.Body}}
	}
	for name, a := range k.Aggregates {
		s.Aggregates[name] = function{a.Name, list(a.ArgumentTypes), map[string]string{
			"returns": cql(a.ReturnType), "state": cql(a.StateType), "initial": a.InitCond,
			"state_function": a.StateFunc.Name, "final_function": a.FinalFunc.Name}}
	}
	found.tables += len(s.Tables)
	found.views += len(s.Views)
	found.types += len(s.Types)
	found.functions += len(s.Functions)
	found.aggregates += len(s.Aggregates)
	return s
}

func model(all map[string]*gocql.KeyspaceMetadata, found *counts) map[string]keyspace {
	out := make(map[string]keyspace, len(all))
	for name, k := range all {
		out[name] = space(k, found)
	}
	found.keyspaces = len(out)
	return out
}
