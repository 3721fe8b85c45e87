// SPDX-License-Identifier: Apache-2.0
import com.datastax.oss.driver.api.core.CqlIdentifier;
import com.datastax.oss.driver.api.core.metadata.Metadata;
import com.datastax.oss.driver.api.core.metadata.schema.AggregateMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.ColumnMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.FunctionMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.FunctionSignature;
import com.datastax.oss.driver.api.core.metadata.schema.IndexMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.KeyspaceMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.RelationMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.TableMetadata;
import com.datastax.oss.driver.api.core.metadata.schema.ViewMetadata;
import com.datastax.oss.driver.api.core.type.DataType;
import com.datastax.oss.driver.api.core.type.UserDefinedType;
import java.util.Map;
import java.util.stream.Collectors;

/** The driver's model as JSON. It has no triggers. */
final class Model {
  static final class Counts {
    int keyspaces, tables, columns, indexes, views, types, functions, aggregates;
  }

  private final Json json = new Json();
  private final Counts counts;

  private Model(Counts counts) {
    this.counts = counts;
  }

  static String json(Metadata metadata, Counts counts) {
    Model model = new Model(counts);
    model.json.open('{');
    for (KeyspaceMetadata one : metadata.getKeyspaces().values()) model.keyspace(one);
    model.json.close('}');
    return model.json.toString();
  }

  private static String type(DataType type) {
    return type.asCql(true, true);
  }

  private void keyspace(KeyspaceMetadata space) {
    counts.keyspaces++;
    json.key(space.getName().asInternal()).open('{');
    json.key("replication").texts(space.getReplication());
    json.key("virtual").literal(space.isVirtual());
    json.key("tables").open('{');
    for (TableMetadata one : space.getTables().values()) table(one);
    json.close('}').key("views").open('{');
    for (ViewMetadata one : space.getViews().values()) view(one);
    json.close('}').key("types").open('{');
    for (UserDefinedType one : space.getUserDefinedTypes().values()) udt(one);
    json.close('}').key("functions").open('{');
    for (FunctionMetadata one : space.getFunctions().values()) function(one);
    json.close('}').key("aggregates").open('{');
    for (AggregateMetadata one : space.getAggregates().values()) aggregate(one);
    json.close('}').close('}');
  }

  private void relation(RelationMetadata relation) {
    json.key("columns").open('[');
    for (ColumnMetadata one : relation.getColumns().values()) {
      json.open('{').key("name").text(one.getName().asInternal());
      json.key("type").text(type(one.getType()));
      json.key("static").literal(one.isStatic()).close('}');
    }
    json.close(']').key("partition_key").open('[');
    for (ColumnMetadata one : relation.getPartitionKey()) json.text(one.getName().asInternal());
    json.close(']').key("clustering_key").open('[');
    for (ColumnMetadata one : relation.getClusteringColumns().keySet()) {
      json.text(one.getName().asInternal() + " " + relation.getClusteringColumns().get(one));
    }
    json.close(']').key("options").open('{');
    for (Map.Entry<CqlIdentifier, Object> one : relation.getOptions().entrySet()) {
      json.key(one.getKey().asInternal()).text(String.valueOf(one.getValue()));
    }
    json.close('}');
  }

  private void table(TableMetadata table) {
    counts.tables++;
    counts.columns += table.getColumns().size();
    counts.indexes += table.getIndexes().size();
    json.key(table.getName().asInternal()).open('{');
    relation(table);
    json.key("indexes").open('{');
    for (IndexMetadata one : table.getIndexes().values()) {
      json.key(one.getName().asInternal()).open('{').key("kind").text(one.getKind().toString());
      json.key("target").text(one.getTarget()).key("options").texts(one.getOptions()).close('}');
    }
    json.close('}').close('}');
  }

  private void view(ViewMetadata view) {
    counts.views++;
    json.key(view.getName().asInternal()).open('{');
    relation(view);
    json.key("base").text(view.getBaseTable().asInternal()).close('}');
  }

  private void udt(UserDefinedType type) {
    counts.types++;
    json.key(type.getName().asInternal()).open('[');
    for (int i = 0; i < type.getFieldNames().size(); i++) {
      json.open('[').text(type.getFieldNames().get(i).asInternal());
      json.text(type(type.getFieldTypes().get(i))).close(']');
    }
    json.close(']');
  }

  private void signature(FunctionSignature signature) {
    String arguments =
        signature.getParameterTypes().stream().map(Model::type).collect(Collectors.joining(", "));
    json.key(signature.getName().asInternal() + "(" + arguments + ")").open('{');
    json.key("name").text(signature.getName().asInternal()).key("arguments").open('[');
    for (DataType one : signature.getParameterTypes()) json.text(type(one));
    json.close(']');
  }

  private void function(FunctionMetadata function) {
    counts.functions++;
    signature(function.getSignature());
    json.key("returns").text(type(function.getReturnType()));
    json.key("language").text(function.getLanguage());
    json.key("body").text(function.getBody()).close('}');
  }

  private void aggregate(AggregateMetadata aggregate) {
    counts.aggregates++;
    signature(aggregate.getSignature());
    json.key("state_function").text(aggregate.getStateFuncSignature().toString());
    json.key("state").text(type(aggregate.getStateType()));
    json.key("initial").text(String.valueOf(aggregate.getInitCond().orElse(null))).close('}');
  }
}
