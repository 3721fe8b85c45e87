# SPDX-License-Identifier: Apache-2.0
"""The second client: raw rows of the system tables, read by the Python driver's session.

The driver's metadata does not know masks, dropped columns, comments as sent or columns of tomorrow;
its session reads them as rows. Timestamps stay the integers that the server sent (the driver's own
datetime cannot hold year 294247), and names that are not UTF-8 in schema events do not stop it.
"""
import functools
import ssl

import cassandra.cqltypes
import cassandra.protocol
from cassandra import ConsistencyLevel, InvalidRequest, Unauthorized
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import WhiteListRoundRobinPolicy
from cassandra.query import dict_factory

TABLES = [
    "system.local", "system.peers", "system.peers_v2",
    "system_schema.keyspaces", "system_schema.tables", "system_schema.columns",
    "system_schema.types", "system_schema.views", "system_schema.indexes",
    "system_schema.functions", "system_schema.aggregates", "system_schema.triggers",
    "system_schema.dropped_columns", "system_schema.column_masks",
    "system_virtual_schema.keyspaces", "system_virtual_schema.tables",
    "system_virtual_schema.columns",
]
TIMEOUT_S = 60


class Access:
    """How a server is reached: what both the oracle and the crawler are told."""

    def __init__(self, address, version, port=9042, user=None, password=None, cacert=None,
                 cert=None, key=None):
        self.address, self.version, self.port = address, version, port
        self.user, self.password = user, password
        self.cacert, self.cert, self.key = cacert, cert, key

    @property
    def target(self):
        return f"{self.address}:{self.port}"


def connect(access, metadata=True):
    """A driver session on one node and no other."""
    context = None
    if access.cacert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(access.cacert)
        if access.cert:
            context.load_cert_chain(access.cert, access.key)
    profile = ExecutionProfile(
        load_balancing_policy=WhiteListRoundRobinPolicy([access.address]),
        row_factory=dict_factory, request_timeout=TIMEOUT_S,
        consistency_level=ConsistencyLevel.ONE)
    auth = PlainTextAuthProvider(access.user, access.password) if access.user else None
    cluster = Cluster(
        [access.address], port=access.port, auth_provider=auth, ssl_context=context,
        execution_profiles={EXEC_PROFILE_DEFAULT: profile}, connect_timeout=20,
        control_connection_timeout=TIMEOUT_S, schema_metadata_enabled=metadata,
        token_metadata_enabled=False, max_schema_agreement_wait=20,
        protocol_version=4 if access.version.startswith("3") else 5)
    return cluster, cluster.connect()


def milliseconds(value, _protocol_version):
    return int.from_bytes(value, "big", signed=True)


def read(session):
    """{table: rows, or None where the server has no such table}, whole and unparsed."""
    keep = cassandra.cqltypes.DateType.deserialize
    handler = session.client_protocol_handler
    cassandra.cqltypes.DateType.deserialize = staticmethod(milliseconds)
    session.client_protocol_handler = cassandra.protocol._ProtocolHandler
    try:
        found = {}
        for table in TABLES:
            try:
                found[table] = [dict(row) for row in session.execute(f"SELECT * FROM {table}")]
            except InvalidRequest:
                found[table] = None
        return found
    finally:
        cassandra.cqltypes.DateType.deserialize = keep
        session.client_protocol_handler = handler


def denied(session, table):
    try:
        session.execute(f"SELECT * FROM {table}")
    except Unauthorized:
        return True
    return False


@functools.lru_cache(maxsize=None)
def version_tuple(text):
    return tuple(int(part) for part in text.split("-")[0].split("."))
