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

#define AT(field) offsetof(struct cqsim_faults, field)

static const struct fault list[] = {
    {"refuse", V_FLAG, AT(refuse), "", "refuse              nothing listens at the address"},
    {"dead", V_FLAG, AT(refuse), "", "dead                the same"},
    {"silent", V_FLAG, AT(silent), "", "silent              accepts and never answers"},
    {"trickle", V_NUMBER, AT(trickle), NULL, "trickle=BYTES       bytes per second out"},
    {"reset_after", V_NUMBER, AT(reset_after), NULL,
     "reset_after=BYTES   RST behind so many bytes"},
    {"close_after", V_NUMBER, AT(close_after), NULL,
     "close_after=BYTES   FIN behind so many bytes"},
    {"split", V_NUMBER, AT(split), "7", "split=K             writes in pieces of 1..K bytes"},
    {"latency", V_NUMBER, AT(latency_ms), NULL, "latency=MS          each answer waits so long"},
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

/* "@i" or "@i/n" behind the value: whether it is for this cluster; -1 when it cannot be read. */
static int is_for(const char *at, size_t index)
{
    char *end;
    unsigned long i = strtoul(at + 1, &end, 10), n = 0;
    if (end == at + 1) return -1;
    if (*end == '/') n = strtoul(end + 1, &end, 10);
    if (*end != 0) return -1;
    return n == 0 ? index == i : index % n == i;
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

static bool parse_one(const char *spec, size_t index, struct cqsim_faults *out)
{
    char text[CQSIM_MAX_SPEC];
    cqsim_copy_text(text, sizeof text, cqsim_text(spec));
    char *at = strrchr(text, '@');
    int mine = 1;
    if (at != NULL) {
        mine = is_for(at, index);
        *at = 0;
    }
    if (mine < 0) return false;
    char *value = strchr(text, '=');
    if (value != NULL) *value++ = 0;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (strcmp(list[i].name, text) == 0) return mine == 0 || set(&list[i], value, out);
    return false;
}

bool cqsim_faults_parse(const char *const *specs, size_t n_specs, size_t index,
                        struct cqsim_faults *out, char *error, size_t n_error)
{
    for (size_t i = 0; i < n_specs; i++) {
        if (parse_one(specs[i], index, out)) continue;
        snprintf(error, n_error, "--fault %s: not a fault, or its value is missing", specs[i]);
        return false;
    }
    return true;
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
