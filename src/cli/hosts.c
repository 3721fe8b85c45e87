/* SPDX-License-Identifier: Apache-2.0 */
/* Who may get a group's credentials (cli/hosts.h). */
#include "cli/hosts.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "cli/words.h"

enum { MAPPED = 96, ALL = 128, LONGEST = 253, LONGEST_ADDRESS = 64 };

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

/* As 16 bytes, IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2); *most: bits that its text may name. */
static bool address(const char *s, unsigned char *out, unsigned *most)
{
    memcpy(out, mapped, sizeof(mapped));
    *most = 32;
    if (inet_pton(AF_INET, s, out + 12) == 1) return true;
    *most = 128;
    return inet_pton(AF_INET6, s, out) == 1;
}

static const char *network(const char *text, const char *slash, struct cq_host_rule *out)
{
    char s[LONGEST_ADDRESS];
    unsigned most;
    uint64_t bits;

    if ((size_t)(slash - text) >= sizeof(s)) return "not an address";
    memcpy(s, text, (size_t)(slash - text));
    s[slash - text] = 0;
    if (!address(s, out->bytes, &most)) return "what stands before the / is not an address";
    if (!cq_parse_uint(slash + 1, 0, most, &bits))
        return "what stands behind the / is not a length";
    out->address = true;
    out->bits = (unsigned)bits + (most == 32 ? MAPPED : 0);
    return NULL;
}

const char *cq_host_rule_parse(const char *text, struct cq_host_rule *out)
{
    const char *slash = strchr(text, '/');
    size_t n = strlen(text);
    unsigned most;

    *out = (struct cq_host_rule){.text = text};
    if (slash) return network(text, slash, out);
    if (address(text, out->bytes, &most)) {
        out->address = true;
        out->bits = ALL;
        return NULL;
    }
    for (const char *p = text; *p; p++) {
        bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');

        if (!letter && !strchr("0123456789-_.", *p)) return "not a name, an address or a network";
    }
    if (!n || n > LONGEST || text[n - 1] == '.') return "not a name, an address or a network";
    return NULL;
}

/* ::/0 is every IPv6 address, and no IPv4 one. */
static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    if (bits < MAPPED && memcmp(b, mapped, sizeof(mapped)) == 0) return false;
    if (memcmp(a, b, whole) != 0) return false;
    return !rest || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

/* n: of host, without a dot at its end. */
static bool same_name(const char *rule, const char *host, size_t n)
{
    size_t k = strlen(rule);

    if (rule[0] == '.') return n > k && strncasecmp(host + n - k, rule, k) == 0;
    return n == k && strncasecmp(host, rule, n) == 0;
}

bool cq_host_matches(const struct cq_host_rule *rules, size_t n, const char *host)
{
    unsigned char bytes[16];
    unsigned most;
    bool is_address = address(host, bytes, &most);
    size_t len = strlen(host);

    if (!is_address && len && host[len - 1] == '.') len--;
    for (size_t i = 0; i < n; i++) {
        if (rules[i].address != is_address) continue;
        if (is_address && same_bits(rules[i].bytes, bytes, rules[i].bits)) return true;
        if (!is_address && same_name(rules[i].text, host, len)) return true;
    }
    return false;
}
