/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading one map of the configuration by a table of its keys: for cli/config.c and cli/keys.c.
 * Each key has a function that takes the value; what is not in the table is refused with the
 * nearest known key.
 */
#ifndef CQ_CLI_SECTION_H
#define CQ_CLI_SECTION_H

#include "cli/config.h"
#include "cli/yaml.h"

struct cq_reading {
    struct cq_pool *pool;
    struct cq_diags *d;
    const char *folder; /* paths are relative to it; "" : the working directory */
    struct cq_config *config;
    /* what is being read */
    struct cq_spec *spec;
    struct cq_group *group;
    struct cq_cluster *cluster;
    struct cq_sink_spec *sink;
    struct cq_discovery *discovery;
};

struct cq_section_key {
    const char *name;
    void (*read)(struct cq_reading *r, const struct cq_node *value);
};

/* keys ends with a NULL name. `what` names the map in messages: "clusters[3]", "tls". */
void cq_section_read(struct cq_reading *r, const struct cq_node *map, const char *what,
                     const struct cq_section_key *keys);
/* A diagnostic unless the node is of that kind. */
bool cq_section_is(struct cq_reading *r, const struct cq_node *v, enum cq_node_kind kind,
                   const char *what);
/* keys.c: the keys that defaults, groups and clusters share, by the table's rows. */
void cq_key_tls(struct cq_reading *r, const struct cq_node *v);
void cq_key_auth(struct cq_reading *r, const struct cq_node *v);
void cq_key_labels(struct cq_reading *r, const struct cq_node *v);
void cq_key_timeout(struct cq_reading *r, const struct cq_node *v);
void cq_key_connect_timeout(struct cq_reading *r, const struct cq_node *v);
void cq_key_include(struct cq_reading *r, const struct cq_node *v);
void cq_key_exclude(struct cq_reading *r, const struct cq_node *v);
void cq_key_system(struct cq_reading *r, const struct cq_node *v);
void cq_key_proof(struct cq_reading *r, const struct cq_node *v);
void cq_key_protocol(struct cq_reading *r, const struct cq_node *v);
void cq_key_compression(struct cq_reading *r, const struct cq_node *v);
void cq_key_retries(struct cq_reading *r, const struct cq_node *v);
void cq_key_max_in_flight(struct cq_reading *r, const struct cq_node *v);
void cq_key_interval(struct cq_reading *r, const struct cq_node *v);
void cq_key_jitter(struct cq_reading *r, const struct cq_node *v);

#define CQ_SHARED_KEYS                                                                             \
    {"tls", cq_key_tls}, {"auth", cq_key_auth}, {"labels", cq_key_labels},                         \
        {"timeout", cq_key_timeout}, {"connect_timeout", cq_key_connect_timeout},                  \
        {"include", cq_key_include}, {"exclude", cq_key_exclude}, {"system", cq_key_system},       \
        {"proof", cq_key_proof}, {"protocol", cq_key_protocol},                                    \
        {"compression", cq_key_compression}, {"retries", cq_key_retries},                          \
        {"max_in_flight", cq_key_max_in_flight}, {"interval", cq_key_interval},                    \
    {                                                                                              \
        "jitter", cq_key_jitter                                                                    \
    }

/* run.c, sinks.c, discovery.c: sections of their own. */
void cq_key_run(struct cq_reading *r, const struct cq_node *v);
void cq_key_sinks(struct cq_reading *r, const struct cq_node *v);
void cq_key_discovery(struct cq_reading *r, const struct cq_node *v);

/* values.c: one value of a type; false with a diagnostic. */
bool cq_value_text(struct cq_reading *r, const struct cq_node *v, const char *what,
                   const char **out);
bool cq_value_bool(struct cq_reading *r, const struct cq_node *v, const char *what, int *out);
bool cq_value_duration(struct cq_reading *r, const struct cq_node *v, const char *what,
                       uint64_t *ms);
bool cq_value_uint(struct cq_reading *r, const struct cq_node *v, const char *what, uint64_t min,
                   uint64_t max, uint64_t *out);
bool cq_value_size(struct cq_reading *r, const struct cq_node *v, const char *what,
                   uint64_t *bytes);
/* Index of one of words. */
bool cq_value_word(struct cq_reading *r, const struct cq_node *v, const char *what,
                   const char *const *words, int *out);
/* A list of texts, NULL-terminated. */
bool cq_value_texts(struct cq_reading *r, const struct cq_node *v, const char *what,
                    const char *const **out);
/* A path (made relative to the configuration's folder), or a PEM text itself. */
bool cq_value_pem(struct cq_reading *r, const struct cq_node *v, const char *what,
                  struct cqlcrawl_text *out);
/* {file: PATH} or {env: NAME}; a literal is refused and not repeated. */
bool cq_value_secret(struct cq_reading *r, const struct cq_node *v, const char *what,
                     struct cqlcrawl_text *out);
const char *cq_value_path(struct cq_reading *r, const char *path);

#endif
