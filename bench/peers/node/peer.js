// SPDX-License-Identifier: Apache-2.0
// peer.js HOST PORT seq|conc|hold N: the schema as the Node cassandra-driver models it. What is
// printed and what is measured: ../README.md. PEER_NOWALK=1: every object is read, none is written.
//
// The driver has no call that lists the tables of a keyspace: names come from system_schema by
// ordinary queries, then each object by the driver's own metadata call, 64 at a time.
'use strict';
const cassandra = require('cassandra-driver');
const proc = require('./proc');

const TIMEOUT_MS = 120000;
const AT_ONCE = 64;
const WALK = !process.env.PEER_NOWALK;
const KINDS = ['tables', 'views', 'types', 'functions', 'aggregates'];
const nameOf = cassandra.types.getDataTypeNameByCode;

const quoted = name => (/^[a-z][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

// A type of the driver's model in CQL, as far as the driver can name it.
function cql(type) {
  if (!type) return '?';
  const { udt, tuple, list, set, map } = cassandra.types.dataTypes;
  const freeze = text => (type.options && type.options.frozen ? `frozen<${text}>` : text);
  if (type.code === udt) return freeze(quoted(type.info.name));
  if (type.code === tuple) return freeze(`tuple<${type.info.map(cql).join(', ')}>`);
  if (type.code === map) return freeze(`map<${type.info.map(cql).join(', ')}>`);
  if (type.code === list) return freeze(`list<${cql(type.info)}>`);
  if (type.code === set) return freeze(`set<${cql(type.info)}>`);
  if (type.customTypeName === 'vector') return `vector<${cql(type.info[0])}, ${type.info[1]}>`;
  if (typeof type.info === 'string') return `'${type.info}'`;
  return nameOf(type);
}

function relation(table) {
  const options = {};
  for (const [name, value] of Object.entries(table)) {
    if (typeof value !== 'object' && typeof value !== 'function') options[name] = value;
  }
  return {
    columns: table.columns.map(c => ({ name: c.name, type: cql(c.type), static: c.isStatic })),
    partition_key: table.partitionKeys.map(c => c.name),
    clustering_key: table.clusteringKeys.map((c, i) => `${c.name} ${table.clusteringOrder[i]}`),
    options: { ...options, compaction: table.compactionOptions, compression: table.compression },
  };
}

function tableOf(table) {
  const indexes = {};
  for (const one of table.indexes || []) {
    indexes[one.name] = { kind: one.kind, target: one.target, options: one.options };
  }
  return { ...relation(table), indexes };
}

// A function or an aggregate into the model, under its whole signature.
function putFunction(into, one, more) {
  const types = one.argumentTypes.map(cql);
  into[`${one.name}(${types.join(', ')})`] = { name: one.name, arguments: types, ...more };
}

// How an object of each kind is read by the driver and put into the model.
const READ = {
  async tables(metadata, keyspace, name, into) {
    const table = await metadata.getTable(keyspace, name);
    if (table && WALK) into[name] = tableOf(table);
  },
  async views(metadata, keyspace, name, into) {
    const view = await metadata.getMaterializedView(keyspace, name);
    if (view && WALK) into[name] = { ...relation(view), base: view.tableName };
  },
  async types(metadata, keyspace, name, into) {
    const type = await metadata.getUdt(keyspace, name);
    if (type && WALK) into[name] = type.fields.map(field => [field.name, cql(field.type)]);
  },
  async functions(metadata, keyspace, name, into) {
    for (const one of await metadata.getFunctions(keyspace, name)) {
      if (WALK) putFunction(into, one, { language: one.language, body: one.body });
    }
  },
  async aggregates(metadata, keyspace, name, into) {
    for (const one of await metadata.getAggregates(keyspace, name)) {
      if (WALK) putFunction(into, one, { state_function: one.stateFunction });
    }
  },
};

async function names(client) {
  const ask = async (kind, table, column) => {
    const { rows } = await client.execute(`SELECT keyspace_name, ${column} FROM ${table}`, [],
      { fetchSize: 0 });
    return rows.map(row => [kind, row.keyspace_name, row[column]]);
  };
  const lists = await Promise.all([
    ask('tables', 'system_schema.tables', 'table_name'),
    ask('tables', 'system_virtual_schema.tables', 'table_name').catch(() => []), // before 4.0
    ask('views', 'system_schema.views', 'view_name'),
    ask('types', 'system_schema.types', 'type_name'),
    ask('functions', 'system_schema.functions', 'function_name'),
    ask('aggregates', 'system_schema.aggregates', 'aggregate_name'),
  ]);
  return lists.flat();
}

async function read(client) {
  const model = {};
  for (const [name, one] of Object.entries(client.metadata.keyspaces)) {
    model[name] = { replication: one.strategy, options: one.strategyOptions,
      durable_writes: one.durableWrites, virtual: one.virtual };
    for (const kind of KINDS) model[name][kind] = {};
  }
  const jobs = await names(client);
  let next = 0, failures = 0;
  const work = async () => {
    while (next < jobs.length) {
      const [kind, keyspace, name] = jobs[next++];
      try {
        await READ[kind](client.metadata, keyspace, name, (model[keyspace] || {})[kind] || {});
      } catch (error) { // one object that the driver cannot parse is no reason to lose the others
        failures++;
        process.stderr.write(`peer: ${kind} ${keyspace}.${name}: ${error}\n`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { model, failures };
}

function count(model) {
  const found = { keyspaces: 0, columns: 0, indexes: 0 };
  for (const kind of KINDS) found[kind] = 0;
  for (const space of Object.values(model)) {
    found.keyspaces++;
    for (const kind of KINDS) found[kind] += Object.keys(space[kind]).length;
    for (const table of Object.values(space.tables)) {
      found.columns += table.columns.length;
      found.indexes += Object.keys(table.indexes).length;
    }
  }
  return found;
}

async function crawl(host, port, keep) {
  const client = new cassandra.Client({
    contactPoints: [`${host}:${port}`], localDataCenter: process.env.PEER_DC || 'dc1',
    socketOptions: { connectTimeout: TIMEOUT_MS, readTimeout: TIMEOUT_MS },
    pooling: { coreConnectionsPerHost: { [cassandra.types.distance.local]: 1 }, warmup: false },
  });
  await client.connect();
  const { model, failures } = await read(client);
  if (WALK) await new Promise(done => process.stdout.write(JSON.stringify(model) + '\n', done));
  if (!keep) await client.shutdown();
  return { client, found: { ...count(model), failures } };
}

async function run(host, port, mode, n) {
  const started = process.hrtime.bigint();
  const done = [];
  if (mode === 'seq') {
    for (let i = 0; i < n; i++) done.push(await crawl(host, port, false));
  } else {
    const hold = mode === 'hold';
    done.push(...await Promise.all(Array.from({ length: n }, () => crawl(host, port, hold))));
  }
  const wall = Number(process.hrtime.bigint() - started) / 1e9;
  if (mode === 'hold') await new Promise(resolve => setTimeout(resolve, 1000));
  const line = { peer: 'node', mode, n, wall, ...proc.report(port), ...done[n - 1].found };
  process.stderr.write(`PEER ${JSON.stringify(line)}\n`);
  if (mode === 'hold') await Promise.all(done.map(one => one.client.shutdown()));
}

const [host, port, mode, n] = process.argv.slice(2);
if (!['seq', 'conc', 'hold'].includes(mode) || !(Number(port) > 0) || !(Number(n) > 0)) {
  process.stderr.write('usage: peer.js HOST PORT seq|conc|hold N\n');
  process.exit(2);
}
run(host, Number(port), mode, Number(n)).then(() => process.exit(0), error => {
  process.stderr.write(`peer: ${error.stack || error}\n`);
  process.exit(1);
});
