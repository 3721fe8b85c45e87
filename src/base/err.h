/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every error of the program: one list gives the number, the stable code (in records, logs and exit
 * reports), the class (what a retry policy looks at), what it means and what to do next. Functions
 * return 0 or a negative CQ_E*. Codes are a contract: they may be added, never renamed.
 */
#ifndef CQ_BASE_ERR_H
#define CQ_BASE_ERR_H

#include "base/bounds.h"

enum cq_class {
    CQ_CLASS_INTERNAL,
    CQ_CLASS_USAGE,   /* configuration, inventory, arguments */
    CQ_CLASS_NETWORK, /* names, addresses, sockets, silence */
    CQ_CLASS_TLS,
    CQ_CLASS_PROTOCOL, /* the peer does not speak CQL as we do */
    CQ_CLASS_AUTH,
    CQ_CLASS_SERVER,   /* the server answers with an ERROR that is none of the above */
    CQ_CLASS_RESOURCE, /* memory, descriptors, disk: ours */
    CQ_CLASS_LIMIT,    /* a bound of ours was reached */
    CQ_CLASS_CANCELLED,
};

/* clang-format off */
/*   name             code                    class     text / remedy */
#define CQ_ERRORS(X) \
    X(NOMEM,          "out_of_memory",        RESOURCE, "the machine gave no more memory", "lower --concurrency or --memory-max") \
    X(INTERNAL,       "internal",             INTERNAL, "a fault in cqlcrawl", "please report it with the command and this message") \
    X(INVALID,        "invalid_argument",     USAGE,    "an argument is not of its form", "see --help") \
    X(RANGE,          "out_of_range",         USAGE,    "a number is out of its range", "see --help") \
    X(NOT_FOUND,      "not_found",            USAGE,    "no such file, cluster or key", "check the name") \
    X(CONFIG,         "config",               USAGE,    "the configuration is not valid", "mend it at the line and column given; cqlcrawl validate checks it without contacting anybody") \
    X(SECRET,         "secret",               USAGE,    "the password could not be read", "check the file or variable that the configuration names") \
    X(IO,             "io",                   RESOURCE, "a file could not be read or written", "check path, rights and free space") \
    X(DESCRIPTORS,    "too_many_files",       RESOURCE, "no more file descriptors", "raise ulimit -n, or lower --concurrency") \
    X(PORTS,          "no_local_ports",       RESOURCE, "no local port is left", "lower --rate or --concurrency, or widen net.ipv4.ip_local_port_range: a closed connection holds its port for a minute") \
    X(CANCELLED,      "cancelled",            CANCELLED, "the crawl was interrupted", "run it again") \
    X(DNS,            "dns",                  NETWORK,  "the name could not be resolved", "check the name and the resolver; an address works without one") \
    X(REFUSED,        "connection_refused",   NETWORK,  "nothing listens on that port", "check the port (native_transport_port, 9042 by default) and that the node is up") \
    X(UNREACHABLE,    "unreachable",          NETWORK,  "there is no route to that address", "check routes, VPN and firewalls between here and the cluster") \
    X(CONNECT_TIMEOUT,"connect_timeout",      NETWORK,  "the address does not answer at all", "an allow-list or firewall may drop this host in silence: have this host's address allowed, or raise --connect-timeout") \
    X(RESET,          "connection_reset",     NETWORK,  "the peer closed the connection", "the port may want TLS (--tls), or the server is at its connection limit") \
    X(CLOSED,         "connection_closed",    NETWORK,  "the peer ended the connection in the middle of a crawl", "try again; if it stays, look into the server's log") \
    X(TIMEOUT,        "timeout",              NETWORK,  "the cluster took too long", "raise --timeout, or look why the node is slow") \
    X(TOO_SLOW,       "too_slow",             NETWORK,  "the cluster answered too slowly while others waited for memory", "it is tried again; raise --memory-max or lower --concurrency, or look why the node is slow") \
    X(SILENT,         "no_answer",            NETWORK,  "connected, but the peer never answers", "the port may want TLS (--tls), or something else than Cassandra listens there") \
    X(TLS_HANDSHAKE,  "tls_handshake",        TLS,      "the TLS handshake failed", "check TLS versions, ciphers and certificates of both sides") \
    X(TLS_TIMEOUT,    "tls_timeout",          TLS,      "the TLS handshake did not finish in time", "the port may be plaintext (--tls disable), or the node is overloaded") \
    X(TLS_NOT_TLS,    "tls_plaintext_peer",   TLS,      "the peer does not speak TLS on that port", "use --tls disable, or the cluster's TLS port") \
    X(TLS_EXPECTED,   "tls_required",         TLS,      "the peer speaks TLS on that port", "use --tls verify-full (or require, verify-ca)") \
    X(TLS_UNTRUSTED,  "tls_untrusted",        TLS,      "the certificate is not signed by a trusted CA", "give the CA of the cluster with --cacert") \
    X(TLS_NAME,       "tls_name_mismatch",    TLS,      "the certificate is for another name", "connect by the certificate's name, or say which name to expect with --tls-name") \
    X(TLS_EXPIRED,    "tls_expired",          TLS,      "the certificate is expired or not yet valid", "renew the server's certificate; check both clocks") \
    X(TLS_CLIENT_CERT,"tls_client_certificate", TLS,    "the server wants a client certificate that it accepts", "give one with --cert and --key") \
    X(TLS_CONFIG,     "tls_config",           USAGE,    "a CA, certificate or key could not be used", "check the PEM file, and that key and certificate belong together") \
    X(NOT_CQL,        "not_cql",              PROTOCOL, "what listens there does not speak CQL", "check host and port") \
    X(VERSION,        "protocol_version",     PROTOCOL, "no protocol version in common", "use --protocol auto; v4 and v5 are spoken") \
    X(PROTOCOL,       "protocol",             PROTOCOL, "the peer broke the protocol", "if the server is a Cassandra, please report it") \
    X(CRC,            "crc",                  PROTOCOL, "a v5 segment arrived damaged", "look for a faulty proxy or network card in between") \
    X(LZ4,            "lz4",                  PROTOCOL, "a compressed body could not be read", "try --compression none") \
    X(STREAM,         "unexpected_stream",    PROTOCOL, "an answer came to a question never asked", "look for a proxy that mixes connections") \
    X(AUTH_FAILED,    "bad_credentials",      AUTH,     "user or password are wrong", "check --user and the password's source; it was tried once") \
    X(AUTH_REQUIRED,  "credentials_missing",  AUTH,     "the server wants a login and none was given", "give --user and --password-file") \
    X(AUTH_CLASS,     "authenticator_unknown", AUTH,    "the server names an authenticator that is not trusted with a password", "allow it by name (auth.allow_authenticators) if it is right") \
    X(AUTH_PLAINTEXT, "plaintext_login",      AUTH,     "the password would cross the network unencrypted", "use --tls, or say --allow-plaintext-login") \
    X(DENIED,         "unauthorized",         AUTH,     "the user may not read what a crawl needs", "grant SELECT on the table named") \
    X(OVERLOADED,     "overloaded",           SERVER,   "the server says that it is overloaded", "try later, or lower the rate") \
    X(BOOTSTRAPPING,  "bootstrapping",        SERVER,   "the node is still joining", "try another contact point, or later") \
    X(SERVER_ERROR,   "server_error",         SERVER,   "the server answered a statement with an error", "look into the server's log") \
    X(ABSENT,         "absent",               SERVER,   "a table that every cluster has is missing", "check that the target is a Cassandra 3.0 or later, or compatible") \
    X(MEMORY,         "memory_budget",        LIMIT,    "one answer is larger than the memory budget", "raise --memory-max") \
    X(TOO_LARGE,      "too_large",            LIMIT,    "an answer is larger than the protocol allows", "if the server is a Cassandra, please report it") \
    X(TOO_MANY,       "too_many",             LIMIT,    "more rows, pages, columns or nesting than cqlcrawl takes", "if the server is a Cassandra, please report it") \
    X(ORDER,          "order",                PROTOCOL, "rows came in an order that cannot be merged", "the crawl is repeated with sorting") \
    X(NOT_HTTP,       "not_http",             PROTOCOL, "what listens there does not speak HTTP", "check the URL: scheme, host and port") \
    X(SINK_BUSY,      "receiver_busy",        SERVER,   "the receiver says that it cannot take records now", "nothing to do: it is asked again, nothing is lost; if it stays, look into the receiver") \
    X(SINK_REFUSED,   "receiver_refused",     SERVER,   "the receiver refuses every request", "check the URL and its credentials; records wait until it accepts them") \
    X(SINK_AUTH,      "receiver_credentials", AUTH,     "the receiver wants other credentials", "put the right token or password into its file: it is read again before each attempt") \
    X(SINK_LETTERS,   "dead_letters",         RESOURCE, "a refused record could not be kept as a dead letter", "name a dead-letter file, or make room for it; the sink waits until then") \
    X(TORN,           "torn",                 SERVER,   "the schema changed while it was read", "crawl again when no DDL is running") \
    X(ORPHANS,        "orphans",              SERVER,   "rows point to objects that are not there", "crawl again; if it stays, the anomaly records name them") \
    X(STATE,          "state",                USAGE,    "the state directory could not be used", "check its path, rights and free space; a damaged one may be moved away: epochs then come from the clock, and every cluster is read in full once") \
    X(STATE_LOCKED,   "state_locked",         USAGE,    "another process uses that state directory", "wait for it to end, or give each process a directory of its own (each shard needs one)") \
    X(STATE_NEWER,    "state_newer",          USAGE,    "a newer cqlcrawl wrote that state directory", "use that release again, or another directory") \
    X(NOT_BUILT,      "not_built",            USAGE,    "this build of cqlcrawl has no such part", "build it with the CMake option that the message names") \
    X(IDENTITY,       "identity_mismatch",    USAGE,    "another cluster answers under that name", "check the contact points; if the cluster was replaced on purpose, say --accept-identity NAME once") \
    X(NO_LIBRARY,     "no_library",           USAGE,    "a library that this needs is not on this machine", "install the package that the message names")
/* clang-format on */

enum cq_err {
    CQ_OK = 0,
    CQ_ERR_FIRST_ = -1000,
#define CQ_ERR_ENUM(name, code, class, text, remedy) CQ_E##name,
    CQ_ERRORS(CQ_ERR_ENUM)
#undef CQ_ERR_ENUM
        CQ_ERR_LAST_
};

/* All of them accept any number; an unknown one reads as CQ_EINTERNAL. */
const char *cq_err_code(int err);
const char *cq_err_text(int err);
const char *cq_err_remedy(int err);
enum cq_class cq_err_class(int err);
const char *cq_class_name(enum cq_class c);

/*
 * What went wrong, in words: owned by the long-lived object that failed, filled once by
 * cq_fault_set (the first one wins), wrapped with a prefix on the way up.
 */
struct cq_fault {
    int err; /* 0: nothing went wrong */
    char text[CQ_MAX_ERRMSG];
};

/* Returns err, so that a caller can `return cq_fault_set(...)`. Does nothing where a fault is
 * already set. */
int cq_fault_set(struct cq_fault *f, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void cq_fault_wrap(struct cq_fault *f, const char *prefix);

#endif
