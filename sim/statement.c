/* SPDX-License-Identifier: Apache-2.0 */
/* The parser of statement.h: one token ahead, no recursion. */
#include "sim/statement.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum token_kind { T_END, T_WORD, T_QUOTED, T_TEXT, T_SIGN };

struct parser {
    struct cqsim_slice in;
    size_t at;
    size_t token_at;
    const char *expected; /* what alone could stand here; NULL = several things */
    enum token_kind kind;
    char token[CQSIM_MAX_NAME];
};

static void read_quoted(struct parser *p, uint8_t quote)
{
    size_t n = 0;
    for (p->at++; p->at < p->in.n; p->at++) {
        uint8_t c = p->in.p[p->at];
        if (c == quote) {
            p->at++;
            if (p->at >= p->in.n || p->in.p[p->at] != quote) break;
        }
        if (n + 1 < sizeof p->token) p->token[n++] = (char)c;
    }
    p->token[n] = 0;
}

static void next(struct parser *p)
{
    while (p->at < p->in.n && isspace(p->in.p[p->at]))
        p->at++;
    p->token_at = p->at;
    p->token[0] = 0;
    p->kind = T_END;
    if (p->at >= p->in.n) return;
    uint8_t c = p->in.p[p->at];
    if (c == '"' || c == '\'') {
        p->kind = c == '"' ? T_QUOTED : T_TEXT;
        read_quoted(p, c);
        return;
    }
    size_t n = 0;
    while (p->at < p->in.n && (isalnum(p->in.p[p->at]) || p->in.p[p->at] == '_')) {
        if (n + 1 < sizeof p->token) p->token[n++] = (char)p->in.p[p->at];
        p->at++;
    }
    p->kind = n > 0 ? T_WORD : T_SIGN;
    if (n == 0) p->token[n++] = (char)p->in.p[p->at++];
    p->token[n] = 0;
}

static bool accept(struct parser *p, const char *text)
{
    bool yes = (p->kind == T_WORD || p->kind == T_SIGN) && strcasecmp(p->token, text) == 0;
    if (yes) next(p);
    return yes;
}

static bool name(struct parser *p, char *out)
{
    if (p->kind != T_WORD && p->kind != T_QUOTED) return false;
    for (size_t i = 0;; i++) {
        out[i] = p->kind == T_WORD ? (char)tolower((unsigned char)p->token[i]) : p->token[i];
        if (out[i] == 0) break;
    }
    next(p);
    return true;
}

static bool select_list(struct parser *p, struct cqsim_statement *st)
{
    if (accept(p, "*")) return true;
    do {
        if (st->n_names == CQSIM_MAX_COLUMNS) return false;
        if (!name(p, st->names[st->n_names])) return false;
        st->n_names++;
    } while (accept(p, ","));
    return true;
}

/* name = value; only the first value may be a variable. */
static bool condition(struct parser *p, struct cqsim_statement *st)
{
    unsigned i = st->n_where++;
    if (!name(p, st->where[i]) || !accept(p, "=")) return false;
    if (i == 0 && accept(p, "?")) return st->is_bound = true;
    if (i == 0 && accept(p, ":")) return st->is_bound = name(p, st->equals[i]);
    if (p->kind != T_TEXT && p->kind != T_WORD) return false;
    memcpy(st->equals[i], p->token, sizeof st->equals[i]);
    next(p);
    return true;
}

static bool conditions(struct parser *p, struct cqsim_statement *st)
{
    if (!accept(p, "where")) return true;
    do {
        if (st->n_where == CQSIM_MAX_CONDITIONS || !condition(p, st)) return false;
    } while (accept(p, "and"));
    return true;
}

static bool select_statement(struct parser *p, struct cqsim_statement *st)
{
    if (!accept(p, "select") || !select_list(p, st)) return false;
    p->expected = "K_FROM";
    if (!accept(p, "from")) return false;
    p->expected = NULL;
    if (!name(p, st->table)) return false;
    if (accept(p, ".")) {
        memcpy(st->keyspace, st->table, sizeof st->keyspace);
        if (!name(p, st->table)) return false;
    }
    if (!conditions(p, st)) return false;
    accept(p, ";");
    p->expected = "EOF";
    return p->kind == T_END;
}

/* The texts of the servers' parser, with what stood before the token that did not fit. */
static void syntax_error(const struct parser *p, struct cqsim_error *error)
{
    char what[CQSIM_MAX_NAME * 2], before[CQSIM_MAX_TEXT];
    const char *token = p->kind == T_END ? "<EOF>" : p->token;
    if (p->expected != NULL)
        snprintf(what, sizeof what, "mismatched input '%s' expecting %s", token, p->expected);
    else
        snprintf(what, sizeof what, "no viable alternative at input '%s'", token);
    error->code = CQSIM_E_SYNTAX;
    cqsim_copy_text(before, sizeof before, (struct cqsim_slice){p->in.p, p->token_at});
    if (p->kind == T_END)
        snprintf(error->text, sizeof error->text, "line 0:-1 %s", what);
    else
        snprintf(error->text, sizeof error->text, "line 1:%zu %s (%s[%s]%s)", p->token_at, what,
                 before, token, p->at < p->in.n ? "..." : "");
}

/* FNV-1a over the text: good enough to tell one statement from another. */
static uint64_t digest(struct cqsim_slice text)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.n; i++)
        h = (h ^ text.p[i]) * UINT64_C(0x100000001b3);
    return h;
}

bool cqsim_statement_parse(struct cqsim_slice text, struct cqsim_statement *out,
                           struct cqsim_error *error)
{
    struct parser p = {.in = text};
    *out = (struct cqsim_statement){.digest = digest(text)};
    next(&p);
    if (!select_statement(&p, out)) {
        syntax_error(&p, error);
        return false;
    }
    if (out->keyspace[0] == 0) {
        error->code = CQSIM_E_INVALID;
        snprintf(error->text, sizeof error->text,
                 "No keyspace has been specified. USE a keyspace, or explicitly specify "
                 "keyspace.tablename");
        return false;
    }
    return true;
}
