/* SPDX-License-Identifier: Apache-2.0 */
/* The list of faults and the reader of their specs (faults.h). */
#include "sim/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum value_kind { V_FLAG, V_NUMBER, V_TEXT };

struct fault {
    const char *name;
    enum value_kind kind;
    size_t offset;
    const char *fallback; /* value when none is given; NULL = must be given */
    const char *help;
};

/* What stands behind the @. */
struct scope {
    int mine; /* -1 = cannot be read */
    bool timed;
    uint64_t from_ms, to_ms;
};

#define AT(field) offsetof(struct cqsim_faults, field)

static const struct fault list[] = {
    {"refuse", V_FLAG, AT(refuse), "", "refuse              nothing listens at the address"},
    {"dead", V_FLAG, AT(refuse), "", "dead                the same"},
    {"silent", V_FLAG, AT(silent), "", "silent              accepts and never answers"},
    {"trickle", V_NUMBER, AT(trickle), NULL, "trickle=BYTES       bytes per second out"},
    {"slow", V_NUMBER, AT(trickle), "2000", "slow[=BYTES]        the same, 2000"},
    {"reset_after", V_NUMBER, AT(reset_after), NULL,
     "reset_after=BYTES   RST behind so many bytes"},
    {"close_after", V_NUMBER, AT(close_after), NULL,
     "close_after=BYTES   FIN behind so many bytes"},
    {"split", V_NUMBER, AT(split), "7", "split=K             writes in pieces of 1..K bytes"},
    {"latency", V_NUMBER, AT(latency_ms), NULL, "latency=MS          each answer waits so long"},
    {"rtt", V_NUMBER, AT(rtt_ms), NULL, "rtt=MS              a round trip, TCP's and TLS's too"},
    {"jitter", V_NUMBER, AT(jitter_ms), NULL, "jitter=MS           up to so much more, by seed"},
    {"bandwidth", V_NUMBER, AT(bandwidth), NULL,
     "bandwidth=BYTES     bytes per second out at most"},
    {"connections", V_NUMBER, AT(connections), "1",
     "connections=N       one more at a time is reset"},
    {"expired_cert", V_FLAG, AT(expired_cert), "", "expired_cert        TLS, and out of date"},
    {"held", V_FLAG, AT(held), "", "held                READY, and then nothing any more"},
    {"wrong_password", V_FLAG, AT(wrong_password), "", "wrong_password      no login is right"},
    {"overloaded_startup", V_NUMBER, AT(overloaded_startup), "1",
     "overloaded_startup=N  first N STARTUPs: 0x1001"},
    {"bootstrapping", V_NUMBER, AT(bootstrapping), "1000000000",
     "bootstrapping[=N]   first N statements: 0x1002"},
    {"change", V_NUMBER, AT(change_s), "1000000000",
     "change[=SECONDS]    its schema changes so often; on SIGUSR2"},
    {"garbage", V_TEXT, AT(garbage), "ssh", "garbage=http|ssh|TEXT  a banner and no CQL"},
    {"wrong_version", V_FLAG, AT(wrong_version), "",
     "wrong_version       every version is refused"},
    {"bad_crc", V_FLAG, AT(bad_crc), "", "bad_crc             v5: wrong payload checksums"},
    {"huge_body", V_FLAG, AT(huge_body), "", "huge_body           answers claim 256 MB"},
    {"warnings", V_FLAG, AT(warnings), "", "warnings            warnings and custom payload"},
    {"events", V_FLAG, AT(events), "", "events              EVENTs nobody registered for"},
    {"repeated_state", V_FLAG, AT(repeated_state), "", "repeated_state      paging never moves on"},
    {"endless", V_FLAG, AT(endless), "", "endless             pages never end"},
    {"overloaded", V_NUMBER, AT(overloaded), "1", "overloaded=N        first N statements: 0x1001"},
    {"denied", V_TEXT, AT(denied), NULL, "denied=KS.T[,..]    0x2100"},
    {"fail", V_TEXT, AT(fail), NULL, "fail=KS.T[,..]      0x0000"},
    {"absent", V_TEXT, AT(absent), NULL, "absent=KS.T[,..]    0x2200"},
    {"torn", V_NUMBER, AT(torn), "1", "torn=K              schema_version moves K times"},
    {"null_version", V_FLAG, AT(null_version), "", "null_version        schema_version is null"},
    {"disagree", V_FLAG, AT(disagree), "", "disagree            peers have another schema_version"},
    {"null_peers", V_FLAG, AT(null_peers), "", "null_peers          peer rows without content"},
    {"orphan", V_FLAG, AT(orphan_column), "", "orphan              a column row without its table"},
    {"orphan_index", V_FLAG, AT(orphan_index), "",
     "orphan_index        an index without its table"},
    {"orphan_keyspace", V_FLAG, AT(orphan_keyspace), "",
     "orphan_keyspace     a table in a keyspace that is not there"},
    {"duplicate", V_FLAG, AT(duplicate), "", "duplicate           some rows come twice"},
    {"unordered", V_FLAG, AT(unordered), "", "unordered           another order of keyspaces"},
    {"unordered_rows", V_FLAG, AT(unordered_rows), "",
     "unordered_rows      tables and columns upside down inside keyspaces"},
    {"extra_column", V_TEXT, AT(extra_column), "s",
     "extra_column=TYPE   a column nobody knows (s i b d u n x t M X S L O)"},
    {"unknown_type", V_FLAG, AT(unknown_type), "", "unknown_type        a type id nobody knows"},
};

int cqsim_index_in(const char *text, size_t index)
{
    char *end;
    unsigned long i = strtoul(text, &end, 10), n = 0;
    if (*text < '0' || *text > '9') return -1;
    if (*end == '/') n = strtoul(end + 1, &end, 10);
    if (*end != 0) return -1;
    return n == 0 ? index == i : index % n == i;
}

static bool read_time(const char *text, uint64_t *ms)
{
    char *end;
    double seconds = strtod(text, &end);
    *ms = (uint64_t)(seconds * 1000);
    return end > text && *end == 0 && seconds >= 0;
}

/* Cuts what stands behind the @ off the spec. */
static struct scope take_scope(char *spec, size_t index)
{
    struct scope s = {.mine = 1, .to_ms = UINT64_MAX};
    char *p = strrchr(spec, '@');
    if (p == NULL) return s;
    *p++ = 0;
    for (char *next; p != NULL && s.mine >= 0; p = next) {
        next = strchr(p, ',');
        if (next != NULL) *next++ = 0;
        bool from = strncmp(p, "from=", 5) == 0, to = strncmp(p, "to=", 3) == 0;
        bool ok = true;
        if (from) ok = read_time(p + 5, &s.from_ms);
        if (to) ok = read_time(p + 3, &s.to_ms);
        s.timed = s.timed || from || to;
        int mine = from || to ? ok - 1 : cqsim_index_in(p, index);
        if (!from && !to) s.mine = mine;
        if (mine < 0) s.mine = -1;
    }
    return s;
}

static bool set(const struct fault *f, const char *value, struct cqsim_faults *out)
{
    char *field = (char *)out + f->offset;
    const bool yes = true;
    if (value == NULL) value = f->fallback;
    if (value == NULL) return false;
    if (f->kind == V_FLAG) memcpy(field, &yes, sizeof yes);
    if (f->kind == V_TEXT) {
        char *old, *copy = cqsim_alloc(strlen(value) + 1);
        memcpy(&old, field, sizeof old);
        free(old);
        memcpy(copy, value, strlen(value));
        memcpy(field, &copy, sizeof copy);
    }
    if (f->kind == V_NUMBER) {
        char *end;
        uint64_t n = strtoull(value, &end, 10);
        if (end == value || *end != 0) return false;
        memcpy(field, &n, sizeof n);
    }
    return true;
}

/* Decided at the start: what cannot come and go. */
static bool is_fixed(const char *name)
{
    static const char *const names[] = {"expired_cert",    "orphan",       "orphan_index",
                                        "orphan_keyspace", "duplicate",    "unordered",
                                        "unordered_rows",  "extra_column", "unknown_type"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

static const struct fault *find(const char *name)
{
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (strcmp(list[i].name, name) == 0) return &list[i];
    return NULL;
}

static bool parse_one(const char *spec, size_t index, uint64_t now_ms, struct cqsim_faults *out)
{
    char text[CQSIM_MAX_SPEC];
    cqsim_copy_text(text, sizeof text, cqsim_text(spec));
    struct scope scope = take_scope(text, index);
    char *value = strchr(text, '=');
    if (value != NULL) *value++ = 0;
    const struct fault *f = find(text);
    if (f == NULL || scope.mine < 0 || (scope.timed && is_fixed(text))) return false;
    bool now = scope.mine == 1 && now_ms >= scope.from_ms && now_ms < scope.to_ms;
    return !now || set(f, value, out);
}

bool cqsim_faults_parse(const char *const *specs, size_t n_specs, size_t index, uint64_t now_ms,
                        struct cqsim_faults *out, char *error, size_t n_error)
{
    for (size_t i = 0; i < n_specs; i++) {
        if (parse_one(specs[i], index, now_ms, out)) continue;
        snprintf(error, n_error, "--fault %s: not a fault, or its value is missing", specs[i]);
        return false;
    }
    return true;
}

uint64_t cqsim_faults_next(const char *const *specs, size_t n_specs, uint64_t now_ms)
{
    uint64_t at = UINT64_MAX;
    for (size_t i = 0; i < n_specs; i++) {
        char text[CQSIM_MAX_SPEC];
        cqsim_copy_text(text, sizeof text, cqsim_text(specs[i]));
        struct scope s = take_scope(text, 0);
        if (s.from_ms > now_ms && s.from_ms < at) at = s.from_ms;
        if (s.to_ms > now_ms && s.to_ms < at) at = s.to_ms;
    }
    return at;
}

bool cqsim_faults_concerns(const char *spec, size_t index)
{
    char text[CQSIM_MAX_SPEC];
    cqsim_copy_text(text, sizeof text, cqsim_text(spec));
    return take_scope(text, index).mine == 1;
}

void cqsim_faults_fini(struct cqsim_faults *f)
{
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        char *text;
        if (list[i].kind != V_TEXT) continue;
        memcpy(&text, (char *)f + list[i].offset, sizeof text);
        free(text);
    }
    *f = (struct cqsim_faults){0};
}

bool cqsim_faults_names(const char *names, const char *keyspace, const char *table)
{
    if (names == NULL) return false;
    size_t n_keyspace = strlen(keyspace), n_table = strlen(table);
    for (const char *p = names; *p != 0;) {
        size_t n = strcspn(p, ",");
        if (n == n_keyspace + 1 + n_table && strncmp(p, keyspace, n_keyspace) == 0 &&
            p[n_keyspace] == '.' && strncmp(p + n_keyspace + 1, table, n_table) == 0)
            return true;
        p += n + (p[n] == ',');
    }
    return false;
}

const char *cqsim_faults_help(size_t i)
{
    return i < sizeof list / sizeof *list ? list[i].help : NULL;
}
