/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Include and exclude: POSIX extended regular expressions that must match the whole of
 * keyspace.name (of a keyspace: its name). POSIX finds the longest match from the leftmost start,
 * so a match of the whole is found where there is one.
 */
#include "lib/handle.h"

#include "base/digest.h"

enum { LONGEST_NAME = 1024 }; /* a longer one is compared by its first bytes */

int cq_filter_init(struct cq_filter *x, const char *text, const char *key, struct cq_fault *f)
{
    char why[128];
    int e;

    *x = (struct cq_filter){.set = false};
    if (!text) return 0;
    e = regcomp(&x->re, text, REG_EXTENDED);
    if (e) {
        (void)regerror(e, &x->re, why, sizeof(why));
        return cq_fault_set(f, CQ_EINVALID, "%s: not a regular expression: %s", key, why);
    }
    x->set = true;
    return 0;
}

void cq_filter_fini(struct cq_filter *x)
{
    if (x->set) regfree(&x->re);
    x->set = false;
}

static bool matches(const struct cq_filter *x, const char *s, size_t n)
{
    regmatch_t m = {.rm_so = 0, .rm_eo = 0};

    return regexec(&x->re, s, 1, &m, 0) == 0 && m.rm_so == 0 && (size_t)m.rm_eo == n;
}

static size_t put(char *to, size_t at, cq_bytes b)
{
    size_t n = b.n < LONGEST_NAME - at ? b.n : LONGEST_NAME - at;

    if (n) memcpy(to + at, b.p, n);
    return at + n;
}

bool cq_filter_wants(const struct cq_target *t, cq_bytes keyspace, cq_bytes name)
{
    char s[LONGEST_NAME + 1];
    size_t n;

    if (!t->include.set && !t->exclude.set) return true;
    n = put(s, 0, keyspace);
    if (!cq_is_null(name)) {
        n = put(s, n, CQ_LIT("."));
        n = put(s, n, name);
    }
    s[n] = 0;
    if (t->include.set && !matches(&t->include, s, n)) return false;
    return !t->exclude.set || !matches(&t->exclude, s, n);
}

/* Of both texts and `system`, so that two reads under different filters are never compared as if
 * they were alike. Without a filter there are only two, known ahead (test_lib_filter does the sums
 * again). */
void cq_filter_hash(struct cq_target *t)
{
    static const char *const unfiltered[2] = {"2ea9ab9198d1638007400cd2c3bef1cc",
                                              "5bb9e84da257ddcc086244ec25001c5c"};
    const char *texts[2] = {t->t.include, t->t.exclude};
    uint8_t sum[32], parts[3][32] = {{0}};

    if (!texts[0] && !texts[1]) {
        memcpy(t->filters_hash, unfiltered[t->t.system != 0], sizeof(t->filters_hash));
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (texts[i]) cq_sha256(cq_str(texts[i]), parts[i]);
    }
    parts[2][0] = t->t.system != 0;
    cq_sha256((cq_bytes){&parts[0][0], sizeof(parts)}, sum);
    cq_hex(sum, 16, t->filters_hash);
    t->filters_hash[32] = 0;
}
