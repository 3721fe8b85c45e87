// SPDX-License-Identifier: Apache-2.0
//! The driver's model as JSON. It has no indexes, functions, aggregates, triggers or table options.
use scylla::client::session::Session;
use scylla::cluster::metadata::{CollectionType, ColumnKind, ColumnType, Table};
use serde_json::{Map, Value, json};

#[derive(Default)]
pub struct Counts {
    pub keyspaces: usize,
    pub tables: usize,
    pub columns: usize,
    pub views: usize,
    pub types: usize,
}

fn freeze(frozen: bool, text: String) -> String {
    if frozen {
        format!("frozen<{text}>")
    } else {
        text
    }
}

fn quoted(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(is_plain) {
        return name.to_string();
    }
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A type of the driver's model, in CQL.
fn cql(kind: &ColumnType) -> String {
    match kind {
        ColumnType::Native(native) => format!("{native:?}").to_lowercase(),
        ColumnType::Collection { frozen, typ } => {
            let text = match typ {
                CollectionType::List(of) => format!("list<{}>", cql(of)),
                CollectionType::Set(of) => format!("set<{}>", cql(of)),
                CollectionType::Map(key, value) => format!("map<{}, {}>", cql(key), cql(value)),
                other => format!("{other:?}"),
            };
            freeze(*frozen, text)
        }
        ColumnType::Vector { typ, dimensions } => format!("vector<{}, {dimensions}>", cql(typ)),
        ColumnType::UserDefinedType { frozen, definition } => {
            freeze(*frozen, quoted(&definition.name))
        }
        ColumnType::Tuple(parts) => {
            let parts: Vec<String> = parts.iter().map(cql).collect();
            format!("tuple<{}>", parts.join(", "))
        }
        other => format!("{other:?}"),
    }
}

fn kind(kind: &ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Regular => "regular",
        ColumnKind::Static => "static",
        ColumnKind::Clustering => "clustering",
        ColumnKind::PartitionKey => "partition_key",
        _ => "other",
    }
}

fn relation(table: &Table) -> Map<String, Value> {
    let columns: Vec<Value> = table
        .columns
        .iter()
        .map(|(name, one)| json!({"name": name, "type": cql(&one.typ), "kind": kind(&one.kind)}))
        .collect();
    let mut out = Map::new();
    out.insert("columns".into(), Value::Array(columns));
    out.insert("partition_key".into(), json!(table.partition_key));
    out.insert("clustering_key".into(), json!(table.clustering_key));
    out.insert("partitioner".into(), json!(table.partitioner));
    out
}

pub fn of(session: &Session, found: &mut Counts) -> Value {
    let mut out = Map::new();
    for (name, space) in session.get_cluster_state().keyspaces_iter() {
        let (mut tables, mut views, mut types) = (Map::new(), Map::new(), Map::new());
        for (name, table) in &space.tables {
            found.columns += table.columns.len();
            tables.insert(name.clone(), Value::Object(relation(table)));
        }
        for (name, view) in &space.views {
            let mut one = relation(&view.view_metadata);
            one.insert("base".into(), json!(view.base_table_name));
            views.insert(name.clone(), Value::Object(one));
        }
        for (name, udt) in &space.user_defined_types {
            let fields: Vec<Value> = udt
                .field_types
                .iter()
                .map(|(field, of)| json!([field, cql(of)]))
                .collect();
            types.insert(name.clone(), Value::Array(fields));
        }
        found.keyspaces += 1;
        found.tables += tables.len();
        found.views += views.len();
        found.types += types.len();
        out.insert(
            name.to_string(),
            json!({"replication": format!("{:?}", space.strategy), "tables": tables,
                   "durable_writes": space.durable_writes, "views": views, "types": types}),
        );
    }
    Value::Object(out)
}
