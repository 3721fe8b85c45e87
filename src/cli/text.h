/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words for people: a growing text that goes out in one write, so that lines never interleave. What
 * comes from servers is escaped; colours are used on a terminal only, and not under NO_COLOR.
 */
#ifndef CQ_CLI_TEXT_H
#define CQ_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cq_colour { CQ_PLAIN, CQ_BOLD, CQ_DIM, CQ_RED, CQ_GREEN, CQ_YELLOW };

struct cq_text {
    char *p;
    size_t n, cap;
    bool failed; /* no memory: what is there is cut */
    bool colours;
};

bool cq_wants_colours(int fd);
void cq_text_put(struct cq_text *t, const char *p, size_t n);
void cq_text_puts(struct cq_text *t, const char *s);
void cq_text_printf(struct cq_text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A stranger's text: controls, invalid UTF-8 and what turns the direction of writing become \xNN.
 */
void cq_text_escaped(struct cq_text *t, const char *s);
void cq_text_colour(struct cq_text *t, enum cq_colour c, const char *s);
/* A JSON string, quotes included; NULL: null. */
void cq_text_json(struct cq_text *t, const char *s);
void cq_text_json_n(struct cq_text *t, const char *s, size_t n); /* NUL may be in it */
/* "1.2 MB", "45 ms", "1,234" without a locale. */
void cq_text_bytes(struct cq_text *t, uint64_t n);
void cq_text_time(struct cq_text *t, uint64_t ns);
/* Spaces up to this column of the last line, at least one. */
void cq_text_pad(struct cq_text *t, size_t line_start, size_t width);
/* What was appended since line_start is cut to so many columns; colours are ended. */
void cq_text_cut(struct cq_text *t, size_t line_start, size_t width);
/* Columns of what was appended since line_start. */
size_t cq_text_columns(const struct cq_text *t, size_t line_start);
/* "2026-11-21T04:40:00.123Z" of milliseconds since 1970. */
void cq_text_utc(struct cq_text *t, int64_t ms);
/* Writes all of it and empties it. */
void cq_text_flush(struct cq_text *t, int fd);
void cq_text_free(struct cq_text *t);

#endif
