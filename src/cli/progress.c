/* SPDX-License-Identifier: Apache-2.0 */
/* How far a run is (cli/progress.h). */
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_S 1000000000u

enum { LEAST_WIDTH = 20, LEAST_BAR = 10, WIDEST_BAR = 100 };

/* ---- rates ---- */

void cq_rates_add(struct cq_rates *r, uint64_t now_ns, uint64_t done, uint64_t bytes)
{
    const struct cq_sample *last = &r->samples[(r->next + CQ_SAMPLES - 1) % CQ_SAMPLES];

    if (r->n && now_ns - last->now_ns < NS_PER_S) return;
    r->samples[r->next] = (struct cq_sample){now_ns, done, bytes};
    r->next = (r->next + 1) % CQ_SAMPLES;
    if (r->n < CQ_SAMPLES) r->n++;
}

void cq_figures_rates(struct cq_figures *f, const struct cq_rates *r)
{
    const struct cq_sample *newest, *oldest;
    double seconds;

    f->clusters_per_s = f->bytes_per_s = -1;
    f->left_ns = CQ_UNKNOWN;
    if (r->n < 3) return; /* two seconds: less says nothing */
    newest = &r->samples[(r->next + CQ_SAMPLES - 1) % CQ_SAMPLES];
    oldest = &r->samples[(r->next + CQ_SAMPLES - r->n) % CQ_SAMPLES];
    seconds = (double)(newest->now_ns - oldest->now_ns) / 1e9;
    f->clusters_per_s = (double)(newest->done - oldest->done) / seconds;
    f->bytes_per_s = (double)(newest->bytes - oldest->bytes) / seconds;
    if (f->clusters_per_s > 0 && f->total > f->done) {
        f->left_ns = (uint64_t)((double)(f->total - f->done) / f->clusters_per_s * 1e9);
    }
}

/* ---- pieces ---- */

/* 1234567 as 1,234,567. */
static void thousands(struct cq_text *t, uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);

    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) cq_text_puts(t, ",");
        cq_text_put(t, digits + i, 1);
    }
}

static void part(struct cq_text *t, uint64_t n, const char *what, enum cq_colour colour)
{
    struct cq_text words = {0};

    if (!n) return;
    thousands(&words, n);
    cq_text_printf(&words, " %s", what);
    cq_text_put(&words, "", 1);
    cq_text_puts(t, "   ");
    if (!words.failed) cq_text_colour(t, colour, words.p);
    cq_text_free(&words);
}

static void rate(struct cq_text *t, double per_s)
{
    cq_text_printf(t, per_s < 100 ? "%.1f" : "%.0f", per_s);
}

static void left(struct cq_text *t, uint64_t ns)
{
    unsigned long long s = (ns + NS_PER_S / 2) / NS_PER_S;

    if (s >= 3600) {
        cq_text_printf(t, "   %llu:%02llu:%02llu left", s / 3600, s / 60 % 60, s % 60);
    } else {
        cq_text_printf(t, "   %llu:%02llu left", s / 60, s % 60);
    }
}

static void counts(struct cq_text *t, const struct cq_figures *f)
{
    thousands(t, f->done);
    cq_text_puts(t, " of ");
    thousands(t, f->total);
    cq_text_puts(t, " done");
    part(t, f->incomplete, "incomplete", CQ_YELLOW);
    part(t, f->failed, "failed", CQ_RED);
    part(t, f->in_flight, "in flight", CQ_PLAIN);
    part(t, f->later, "to try again", CQ_PLAIN);
    part(t, f->delivering, "delivering", CQ_PLAIN);
}

static void speed(struct cq_text *t, const struct cq_figures *f)
{
    if (f->clusters_per_s >= 0) {
        cq_text_puts(t, "   ");
        rate(t, f->clusters_per_s);
        cq_text_puts(t, " clusters/s   ");
        rate(t, f->bytes_per_s / 1e6);
        cq_text_puts(t, " MB/s");
    }
    if (f->stopping) {
        cq_text_puts(t, "   stopping");
    } else if (f->left_ns != CQ_UNKNOWN) {
        left(t, f->left_ns);
    }
}

static void slowest(struct cq_text *t, const struct cq_figures *f)
{
    cq_text_puts(t, "slowest: ");
    for (unsigned i = 0; i < f->n_slowest; i++) {
        if (i) cq_text_puts(t, ", ");
        cq_text_escaped(t, f->slowest[i].title);
        cq_text_puts(t, " ");
        cq_text_time(t, f->slowest[i].ns);
    }
}

void cq_progress_line(struct cq_text *t, const struct cq_figures *f)
{
    counts(t, f);
    speed(t, f);
    if (f->bound) {
        cq_text_puts(t, "   sink-bound: ");
        cq_text_escaped(t, f->bound);
    } else if (f->n_slowest) {
        cq_text_puts(t, "   ");
        slowest(t, f);
    }
}

/* ---- the bar ---- */

/* What was appended since `from` becomes one line of less than `width` columns. */
static void end_line(struct cq_text *t, size_t from, unsigned width)
{
    cq_text_cut(t, from, width - 1);
    cq_text_puts(t, "\n");
}

static void bar(struct cq_text *t, const struct cq_figures *f, unsigned width)
{
    struct cq_text words = {0};
    unsigned inner, full;

    speed(&words, f);
    inner = (width < WIDEST_BAR ? width : WIDEST_BAR) - 3;
    if (words.n + LEAST_BAR < inner) {
        inner -= (unsigned)words.n;
    } else {
        words.n = 0; /* too narrow for both */
    }
    full = f->total ? (unsigned)((double)f->done / (double)f->total * inner) : inner;
    cq_text_puts(t, "[");
    for (unsigned i = 0; i < inner; i++)
        cq_text_puts(t, i < full ? "=" : i == full ? ">" : " ");
    cq_text_puts(t, "]");
    cq_text_put(t, words.p, words.n);
    cq_text_free(&words);
}

unsigned cq_progress_bar(struct cq_text *t, const struct cq_figures *f, unsigned width)
{
    size_t from = t->n;
    unsigned n = 2;

    if (width < LEAST_WIDTH) width = LEAST_WIDTH;
    counts(t, f);
    end_line(t, from, width);
    from = t->n;
    bar(t, f, width);
    end_line(t, from, width);
    if (f->n_slowest) {
        from = t->n;
        slowest(t, f);
        end_line(t, from, width);
        n++;
    }
    if (f->bound) {
        from = t->n;
        cq_text_colour(t, CQ_YELLOW, "sink-bound: ");
        cq_text_escaped(t, f->bound);
        end_line(t, from, width);
        n++;
    }
    return n;
}

void cq_progress_wipe(struct cq_text *t, const unsigned *columns, unsigned n, unsigned now)
{
    unsigned rows = 0;

    if (!n) return;
    if (now < 1) now = 1;
    for (unsigned i = 0; i < n; i++) /* a terminal that became narrower has broken the lines */
        rows += columns[i] ? (columns[i] + now - 1) / now : 1;
    cq_text_printf(t, "\033[%uA\r\033[J", rows);
}
