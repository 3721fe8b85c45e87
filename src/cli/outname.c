/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cluster's name as a file's name: what is not a-z 0-9 - . _ is percent-encoded (capital digits),
 * letters A-Z stay. A name with capitals, one that some system reserves, one that begins or ends
 * with a dot and one that is long are sealed with "~" and 32 hex digits of XXH3-128 over the whole
 * name; no other name has a "~". So two names never meet in one file, neither where case does not
 * count nor where names are cut.
 */
#include "cli/outdir.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { LONGEST = 160, SEAL = 33 };

static const char suffix[] = ".ndjson";

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/* Devices of Windows, with whatever follows a dot. */
static bool is_reserved(const char *s)
{
    static const char *const names[] = {"con", "prn", "aux", "nul"};
    size_t n = strcspn(s, ".");

    for (size_t i = 0; i < 4; i++) {
        if (n == 3 && strncasecmp(s, names[i], 3) == 0) return true;
    }
    return n == 4 && (strncasecmp(s, "com", 3) == 0 || strncasecmp(s, "lpt", 3) == 0) &&
           s[3] >= '0' && s[3] <= '9';
}

static bool has_capitals(const char *s)
{
    for (; *s; s++) {
        if (*s >= 'A' && *s <= 'Z') return true;
    }
    return false;
}

void cq_outdir_name(const char *cluster, char out[CQ_OUTDIR_NAME])
{
    static const char hex[] = "0123456789ABCDEF";
    size_t n = 0, length = strlen(cluster);
    bool seal = !length || cluster[0] == '.' || cluster[length - 1] == '.' ||
                is_reserved(cluster) || has_capitals(cluster);

    for (const char *s = cluster; *s; s++) {
        unsigned char c = (unsigned char)*s;
        bool plain = is_plain(c) && !(c == '.' && s == cluster);

        if (n + 3 > LONGEST) {
            seal = true;
            break;
        }
        if (plain) {
            out[n++] = (char)c;
        } else {
            out[n++] = '%';
            out[n++] = hex[c >> 4];
            out[n++] = hex[c & 15];
        }
    }
    if (seal) {
        XXH128_hash_t h = XXH3_128bits(cluster, length);

        n += (size_t)snprintf(out + n, SEAL + 1, "~%016llx%016llx", (unsigned long long)h.high64,
                              (unsigned long long)h.low64);
    }
    (void)snprintf(out + n, CQ_OUTDIR_NAME - n, "%s", suffix);
}
