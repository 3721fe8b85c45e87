/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every maximum in the program, by name. Reaching one is an error with a code of its own
 * (base/err.h) and, where a user can do something about it, the option that raises it. Sizes are
 * bytes, times are nanoseconds.
 */
#ifndef CQ_BASE_BOUNDS_H
#define CQ_BASE_BOUNDS_H

#define CQ_KIB(n) ((size_t)(n) << 10)
#define CQ_MIB(n) ((size_t)(n) << 20)
#define CQ_MS(n) ((uint64_t)(n)*1000000u)
#define CQ_SEC(n) ((uint64_t)(n)*1000000000u)

/* Protocol (native_protocol_v5.spec 2.1, 2.2: a segment's payload is at most 2^17 - 1 bytes) */
#define CQ_MAX_SEGMENT_PAYLOAD 131071u
#define CQ_MAX_ENVELOPE_BODY CQ_MIB(256) /* what the specification allows; budgets are smaller */
#define CQ_MAX_SMALL_BODY CQ_KIB(64)     /* any answer before login, any ERROR, EVENT, SUPPORTED */
#define CQ_MAX_REQUEST CQ_KIB(64)        /* one request, body included */
#define CQ_MAX_STREAMS 64                /* statements in flight on one connection */
#define CQ_MAX_ORPHANS 32    /* streams given up and not answered yet; more closes the connection */
#define CQ_MAX_TYPE_DEPTH 32 /* nesting of a type option or a type string */
#define CQ_MAX_TYPE_NODES 512     /* nodes of one type */
#define CQ_MAX_RESULT_COLUMNS 256 /* columns of one system table's result */
#define CQ_MAX_PAGING_STATE CQ_KIB(16)
#define CQ_MAX_MULTIMAP 64 /* keys of SUPPORTED */

/* One crawl */
#define CQ_PAGE_BYTES                                                                              \
    CQ_KIB(256) /* what a page should hold; page_size follows from the bytes per row */
#define CQ_MAX_PAGE_BYTES                                                                          \
    CQ_MIB(1)                    /* the same far away (crawler/far.h); ScyllaDB's are no larger */
#define CQ_FAR CQ_MS(10)         /* the least wait that is taken for a distance */
#define CQ_PAGE_FIRST CQ_KIB(16) /* a page's block at first; doubled as bytes arrive */
#define CQ_DEFAULT_RESERVATION                                                                     \
    CQ_KIB(640)            /* of a cluster never crawled before: the reference one */
#define CQ_LEARN_AFTER 16u /* crawls; from then on what they have needed, where that is less, */
#define CQ_LEARN_DECAY 64u /* sinking by such a part of the difference with each smaller one */
#define CQ_PROBE_RESERVATION CQ_KIB(64) /* where it is enough to find that nothing has changed */
#define CQ_DEFAULT_MEMORY_MAX CQ_MIB(64)
#define CQ_MIN_RATE                                                                                \
    CQ_KIB(16) /* bytes per second from a cluster that holds memory, while others                  \
                */
#define CQ_RATE_WINDOW CQ_SEC(2) /* wait for some, over so long; else its attempt ends */
#define CQ_SWEEP CQ_SEC(1)       /* how often memory kept for the next crawl is looked through */
#define CQ_SPARE CQ_KIB(32)      /* kept of a reservation when all pages have come */
#define CQ_MAX_PAGES_PER_TABLE 100000u
#define CQ_MAX_EMPTY_PAGES 1000u /* empty pages in a row, each with more to follow */
#define CQ_MAX_OVERLOADED 3u     /* times that one statement is asked again after an OVERLOADED */
#define CQ_OVERLOADED_DELAY_1 CQ_MS(100)
#define CQ_OVERLOADED_DELAY_MAX CQ_SEC(10)
#define CQ_MAX_KEYSPACES 65536u   /* keyspaces of one cluster */
#define CQ_MAX_OBJECT_ROWS 65536u /* rows of one object: columns of one table */
#define CQ_MAX_HAND CQ_MIB(32)    /* their cells' places */
#define CQ_MAX_CARRY CQ_MIB(8)    /* bytes of one object's rows carried over page ends */
#define CQ_MAX_ANOMALIES 1000u    /* anomaly records of one attempt; further ones are counted */
#define CQ_MAX_PEERS 10000u
#define CQ_MAX_ATTEMPTS 3u         /* of a torn read */
#define CQ_MAX_RECORD CQ_MIB(16)   /* one record's JSON */
#define CQ_SHAPE_BYTES CQ_KIB(8)   /* metadata of a result that is known again */
#define CQ_MEMO_OPTIONS_KEPT 8u    /* tables' options kept as they were written, */
#define CQ_MEMO_OPTION_BYTES 4096u /* of so many bytes with the cells they were made of */
#define CQ_MEMO_COLUMNS_KEPT 256u  /* the same of what follows columns' names */
#define CQ_MEMO_COLUMN_BYTES 384u
#define CQ_LISTS_KEPT 512u       /* columns of whole tables kept as they were written, */
#define CQ_LISTS_BYTES CQ_MIB(1) /* of so many bytes in all, */
#define CQ_LIST_BYTES CQ_KIB(32) /* each, */
#define CQ_LISTS_SEEN 4096u      /* and marks of those that came once */
#define CQ_MAX_ID 400u           /* an id longer than this is cut and sealed */
#define CQ_MAX_CONTACT_POINTS 16u
#define CQ_MAX_CLUSTER_NAME 256u /* bytes of it that are told at the end */
#define CQ_MAX_ADDRESSES 32u     /* addresses of one name */
#define CQ_MAX_ERRMSG 512u

/* The shell */
#define CQ_TURN CQ_MS(10) /* one cluster's records before others have their turn */
#define CQ_DEFAULT_PORT 9042
#define CQ_MAX_TIMEOUT CQ_SEC(86400) /* what --timeout and --connect-timeout may say */
#define CQ_DEFAULT_CONCURRENCY 1000u /* clusters read at once: --concurrency */
#define CQ_DEFAULT_HALF_OPEN 256u    /* connections that are being made at once: --half-open */
#define CQ_MAX_HALF_OPEN 16384u      /* more would be a scan (docs/operations.md) */
#define CQ_HALF_OPEN_TIME CQ_SEC(1)  /* after that one does not count among them any more */
#define CQ_STARTS_PER_TURN 64u       /* attempts begun in one turn of the loop */
#define CQ_RATE_SLACK CQ_MS(20)      /* a late loop makes up for so much of the rate */
#define CQ_MAX_RETRIES 100u          /* of one target */
#define CQ_RETRY_BASE CQ_SEC(1)      /* the first retry comes within this, */
#define CQ_RETRY_CAP CQ_SEC(30)      /* each within twice as much as the one before, up to this */
#define CQ_MAX_TRYING CQ_SEC(600)    /* no retry begins later after the first attempt */
#define CQ_WINDOW_GROWS CQ_SEC(1)    /* a window that a shortage made smaller grows this often */
#define CQ_DOOMED_PER_TURN 1024u     /* targets cancelled in one turn of the loop */
#define CQ_MAX_EPOCH_WAIT CQ_SEC(3)  /* for the last epoch's second to be over */

/* The state directory */
#define CQ_MAX_IDENTITY_TEXT 160u /* of a cluster's own name and its partitioner, NUL included */
#define CQ_MAX_IDENTITY_HOSTS                                                                      \
    32u                          /* host ids kept of a cluster: one in common makes it the same    \
                                  */
#define CQ_MAX_GREETING 512u     /* bytes of a SUPPORTED that is remembered, */
#define CQ_MAX_RELEASE 64u       /* of the release_version that went with it, NUL included, */
#define CQ_MAX_GREETINGS 256u    /* different ones kept in a process, */
#define CQ_MAX_GREETED 131072u   /* and clusters that they are kept for (2 MiB); a power of two */
#define CQ_MAX_STATE_GROUP 4096u /* requests in one transaction */
#define CQ_MAX_PATH 4096u        /* of a file of ours, NUL included */
#define CQ_STATE_BUSY_MS 5000    /* for another program that reads the database */
#define CQ_DEFAULT_FULL_AFTER                                                                      \
    CQ_SEC(86400) /* an unchanged cluster is read in full all the same                             \
                   */

/* Secrets and trust */
#define CQ_MAX_SECRET CQ_KIB(64) /* a password */
#define CQ_MAX_PEM CQ_MIB(4)     /* a CA bundle, a certificate chain, a key */

/* Times */
#define CQ_DEFAULT_TIMEOUT CQ_SEC(30) /* a whole cluster: --timeout */
#define CQ_DEFAULT_CONNECT_TIMEOUT                                                                 \
    CQ_SEC(5)                    /* each of resolve, connect, TLS: --connect-timeout               \
                                  */
#define CQ_STAGGER CQ_MS(250)    /* between two addresses of one name (RFC 8305) */
#define CQ_SETTLE CQ_MS(1000)    /* --proof settled: the further reading comes this much later, */
#define CQ_SETTLE_FACTOR 10u     /* or as many times what the read took (a slow server is slow to */
#define CQ_SETTLE_MAX CQ_SEC(10) /* publish its version, too), but never later than this */
#define CQ_TORN_DELAY_1 CQ_MS(500)
#define CQ_TORN_DELAY_2 CQ_SEC(3)

/* Network */
#define CQ_TLS_IN CQ_KIB(16)  /* ciphertext received, not read yet, */
#define CQ_TLS_OUT CQ_KIB(2)  /* and not sent yet: any write of a crawl fits but a large login */
#define CQ_MAX_SEND CQ_MIB(1) /* bytes of one connection waiting to be sent */
#define CQ_READ_BUDGET CQ_KIB(256)      /* read from one connection before others have their turn */
#define CQ_MAX_TLS_IDLE 64u             /* TLS contexts kept for the next one who asks */
#define CQ_MAX_TLS_SESSIONS 8192u       /* TLS sessions kept to be resumed, */
#define CQ_TLS_SESSION_SLOT 4096u       /* each at most so large, with what is known of it */
#define CQ_TLS_RESUME_AGE CQ_SEC(86400) /* a full handshake at least this often */
#define CQ_MAX_CERT_TEXT 512u           /* of a certificate's subject, issuer and names */
#define CQ_MAX_ERROR_TEXT 1024u         /* of a server's message that is kept */

/* Sinks */
#define CQ_MAX_SINKS 8u
#define CQ_MAX_LANES 64u /* requests at once to one sink: in_flight */
#define CQ_DEFAULT_LANES 4u
#define CQ_MAX_BATCH_RECORDS 100000u
#define CQ_DEFAULT_BATCH_RECORDS 1000u
#define CQ_MIN_BATCH_BYTES CQ_KIB(4)
#define CQ_MAX_BATCH_BYTES CQ_MIB(64)
#define CQ_DEFAULT_BATCH_BYTES CQ_MIB(1)
#define CQ_DEFAULT_BATCH_AGE CQ_SEC(1)
#define CQ_DEFAULT_SINK_TIMEOUT CQ_SEC(60) /* of one request */
#define CQ_SINK_MEMORY_PART 4u             /* sinks have at most this part of --memory-max */
#define CQ_MAX_PARTS 24u                   /* halvings of one batch: log2 of its records */
#define CQ_SINK_RETRY_BASE CQ_MS(200)      /* full jitter below this, doubled each time, */
#define CQ_SINK_RETRY_CAP CQ_SEC(30)       /* up to this */
#define CQ_MAX_RETRY_AFTER CQ_SEC(900)     /* of what a receiver may ask for */
#define CQ_PARK_BASE CQ_SEC(10)            /* a parked sink is asked again after about this, */
#define CQ_PARK_CAP CQ_SEC(300)            /* later and later, up to this */
#define CQ_SINK_GROW_AFTER 64u     /* requests accepted until a limit lowered by 413 grows */
#define CQ_ENCODE_STEP CQ_KIB(128) /* compressed in one turn of the loop */
#define CQ_ENCODE_MEMORY CQ_MIB(1) /* what a compressor holds */

/* HTTP */
#define CQ_MAX_URL 2048u
#define CQ_HTTP_KEPT CQ_KIB(64)       /* of a receiver's answer */
#define CQ_HTTP_DROPPED CQ_MIB(1)     /* read and dropped of it; then the connection is closed */
#define CQ_MAX_HTTP_HEADER CQ_KIB(64) /* of one answer */
#define CQ_HTTP_CONNECT_TIMEOUT CQ_SEC(10)
#define CQ_HTTP_IDLE                                                                               \
    CQ_SEC(4) /* a connection idle for so long is not used again; Node closes at 5 */
/* Given to the socket at once. libcurl allocates it for each request: of more than this glibc gives
 * the heap's end back to the system each time. */
#define CQ_HTTP_UPLOAD CQ_KIB(64)
#define CQ_HTTP_NAMES CQ_SEC(30) /* addresses of a name are believed for so long */
#define CQ_DEFAULT_FETCH_TIMEOUT CQ_SEC(30)
#define CQ_DEFAULT_FETCH CQ_MIB(64)
#define CQ_MAX_FETCH CQ_MIB(256)
#define CQ_MAX_FETCH_HEADERS 16u

#endif
