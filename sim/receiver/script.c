/* SPDX-License-Identifier: Apache-2.0 */
/* The list of a step's attributes, their reader, and the choice of steps (script.h). */
#include "sim/receiver/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ONE = 100000 };

enum value_kind { V_NONE, V_BYTES, V_MS, V_SECONDS, V_TEXT };

struct attribute {
    const char *name;
    enum value_kind kind;
    size_t offset; /* where the value goes; flags are set by apply */
    const char *help;
};

#define AT(field) offsetof(struct cqsim_step, field)

static const struct attribute list[] = {
    {"ok", V_NONE, 0, "ok                  a good answer (200)"},
    {"retry-after", V_SECONDS, AT(retry_s), "retry-after=S       that field, in seconds"},
    {"retry-date", V_SECONDS, AT(retry_s), "retry-date=S        the same as a date"},
    {"location", V_TEXT, AT(location), "location=PATH       that field"},
    {"over", V_BYTES, AT(over), "over=BYTES          only for larger bodies"},
    {"match", V_TEXT, AT(match), "match=TEXT          only if a line has this text"},
    {"stored", V_NONE, 0, "stored              the lines are accepted, whatever the answer"},
    {"early", V_NONE, 0, "early               answered before the body is read, then closed"},
    {"delay", V_MS, AT(delay_ms), "delay=TIME          the answer waits"},
    {"slow", V_BYTES, AT(slow), "slow=BYTES          of the body are read per second"},
    {"dribble", V_MS, AT(dribble_ms), "dribble=TIME        between two bytes of the answer"},
    {"huge", V_BYTES, AT(huge), "huge=BYTES          of body in the answer"},
    {"reset-after", V_BYTES, AT(bytes),
     "reset-after=BYTES   RST behind so many of the request's body"},
    {"reset-answer", V_BYTES, AT(bytes),
     "reset-answer=BYTES  accepted, RST behind so many of the answer"},
    {"close-after-body", V_NONE, 0,
     "close-after-body    FIN instead of an answer (stored: accepted)"},
    {"never", V_NONE, 0, "never               no answer (stored: accepted)"},
    {"garbage", V_NONE, 0, "garbage             an answer that is no HTTP"},
    {"short", V_NONE, 0, "short               less than Content-Length says, then FIN"},
};

const char *cqsim_script_help(size_t i)
{
    return i < sizeof list / sizeof *list ? list[i].help : NULL;
}

/* What an attribute means besides its value. */
static void apply(struct cqsim_step *step, const char *name)
{
    static const struct {
        const char *name;
        enum cqsim_act act;
        bool stored;
    } acts[] = {{"reset-after", CQSIM_ACT_RESET_REQUEST, false},
                {"reset-answer", CQSIM_ACT_RESET_ANSWER, true},
                {"close-after-body", CQSIM_ACT_CLOSE, false},
                {"never", CQSIM_ACT_NEVER, false},
                {"garbage", CQSIM_ACT_GARBAGE, false},
                {"short", CQSIM_ACT_SHORT, true}};
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        if (strcmp(acts[i].name, name) != 0) continue;
        step->act = acts[i].act;
        step->stored = acts[i].stored;
    }
    if (strcmp(name, "stored") == 0) step->stored = true;
    if (strcmp(name, "early") == 0) step->early = true;
    if (strncmp(name, "retry-", 6) == 0) step->has_retry = true;
    if (strcmp(name, "retry-date") == 0) step->retry_date = true;
}

/* A number and its unit: k and m of bytes, ms and s of time (without: ms; seconds where it is
 * said). */
static bool read_number(const char *text, enum value_kind kind, uint64_t *out)
{
    char *unit;
    uint64_t n = strtoull(text, &unit, 10), factor = 0;
    if (*text < '0' || *text > '9') return false;
    if (*unit == 0) factor = 1;
    if (kind == V_BYTES && strcmp(unit, "k") == 0) factor = 1 << 10;
    if (kind == V_BYTES && strcmp(unit, "m") == 0) factor = 1 << 20;
    if (kind == V_MS && strcmp(unit, "ms") == 0) factor = 1;
    if (kind == V_MS && strcmp(unit, "s") == 0) factor = 1000;
    *out = n * factor;
    return factor > 0;
}

static bool read_attribute(struct cqsim_step *step, char *text)
{
    char *end, *value = strchr(text, '=');
    unsigned long status = strtoul(text, &end, 10);
    if (*end == 0 && status >= 200 && status < 600) {
        step->status = (unsigned)status;
        step->stored = step->stored || status < 300;
        return true;
    }
    if (value != NULL) *value++ = 0;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        const struct attribute *a = &list[i];
        if (strcmp(a->name, text) != 0) continue;
        if ((a->kind == V_NONE) != (value == NULL)) return false;
        apply(step, text);
        if (a->kind == V_NONE) return true;
        char *field = (char *)step + a->offset;
        if (a->kind == V_TEXT) {
            cqsim_copy_text(field, CQSIM_MAX_STEP_TEXT, cqsim_text(value));
            return true;
        }
        uint64_t n;
        if (!read_number(value, a->kind, &n)) return false;
        memcpy(field, &n, sizeof n);
        return true;
    }
    return false;
}

/* "@5%" or "@0.25%" at the end of a step, cut off. */
static bool take_chance(char *text, uint32_t *out)
{
    char *at = strrchr(text, '@'), *end;
    if (at == NULL) return false;
    double percent = strtod(at + 1, &end);
    *at = 0;
    *out = (uint32_t)(percent * (ONE / 100) + 0.5);
    return end > at + 1 && strcmp(end, "%") == 0 && percent > 0 && percent <= 100;
}

static bool read_step(struct cqsim_script *s, const char *begin, size_t n)
{
    char text[CQSIM_MAX_STEP_TEXT];
    if (n == 0 || n >= sizeof text || s->n == CQSIM_MAX_STEPS) return false;
    struct cqsim_step *step = &s->steps[s->n++];
    *step = (struct cqsim_step){.status = 200, .times = 1};
    cqsim_copy_text(text, sizeof text, (struct cqsim_slice){(const uint8_t *)begin, n});
    memcpy(step->name, text, sizeof text);
    if (s->random && !take_chance(text, &step->chance)) return false;
    char *star = strrchr(text, '*'), *end;
    if (star != NULL && star[1 + strspn(star + 1, "0123456789")] == 0) {
        step->times = (uint32_t)strtoul(star + 1, &end, 10);
        *star = 0;
    }
    for (char *p = text, *next; p != NULL; p = next) {
        next = strchr(p, ':');
        if (next != NULL) *next++ = 0;
        if (!read_attribute(step, p)) return false;
    }
    if (step->act == CQSIM_ACT_ANSWER && step->status < 300) step->stored = true;
    return step->times > 0;
}

bool cqsim_script_parse(struct cqsim_script *s, const char *text, bool random, char *error,
                        size_t n_error)
{
    const char *p = text;
    bool once = s->once, ok = true;
    *s = (struct cqsim_script){.once = once, .random = random};
    if (random) {
        char *end;
        s->rng = (struct cqsim_rng){strtoull(p, &end, 10)};
        ok = end > p && *end == ':';
        p = ok ? end + 1 : p;
    }
    while (ok && *p != 0) {
        size_t n = strcspn(p, ",");
        ok = read_step(s, p, n);
        p += n + (p[n] == ',');
    }
    if (ok) return true;
    snprintf(error, n_error, "%s: %s is no step", text, s->n ? s->steps[s->n - 1].name : "it");
    return false;
}

static struct cqsim_step *draw(struct cqsim_script *s)
{
    size_t at = cqsim_rng_below(&s->rng, ONE);
    for (size_t i = 0; i < s->n; i++) {
        if (at < s->steps[i].chance) return &s->steps[i];
        at -= s->steps[i].chance;
    }
    return NULL;
}

struct cqsim_step *cqsim_script_next(struct cqsim_script *s)
{
    if (s->n == 0) return NULL;
    if (s->random) return draw(s);
    if (s->at == s->n && s->once) return NULL;
    if (s->at == s->n) s->at = 0;
    struct cqsim_step *step = &s->steps[s->at];
    if (++s->times < step->times) return step;
    s->times = 0;
    s->at++;
    return step;
}
