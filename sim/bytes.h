/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator's own bytes: a growing buffer that is written at its end and eaten at its head, and
 * a reader that is sticky: after the first short read every get gives zero and `bad` stays set, so
 * that a decoder is straight lines with one check at the end. Big-endian unless the name says
 * otherwise (CQL v4 section 3). Nothing of src/ is used on purpose: client and simulator share no
 * mistakes.
 *
 * Memory that cannot be had ends the program: this is a tool, not a library.
 */
#ifndef CQSIM_BYTES_H
#define CQSIM_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cqsim_slice {
    const uint8_t *p;
    size_t n;
};

struct cqsim_buf {
    uint8_t *p;
    size_t head; /* eaten so far */
    size_t end;  /* written so far */
    size_t cap;
};

struct cqsim_reader {
    const uint8_t *p;
    const uint8_t *end;
    bool bad;
};

/* Heap that never says no; free with free(). */
void *cqsim_alloc(size_t n);
void *cqsim_grow(void *old, size_t n);

void cqsim_buf_fini(struct cqsim_buf *b);
/* Forgets the content, keeps the memory. */
void cqsim_buf_clear(struct cqsim_buf *b);
/* Gives memory back if it is empty and has more than `keep`. */
void cqsim_buf_trim(struct cqsim_buf *b, size_t keep);
/* Room for n more bytes at the end; the caller adds what it wrote to b->end. */
uint8_t *cqsim_buf_space(struct cqsim_buf *b, size_t n);
void cqsim_buf_eat(struct cqsim_buf *b, size_t n);
size_t cqsim_buf_len(const struct cqsim_buf *b);
const uint8_t *cqsim_buf_head(const struct cqsim_buf *b);
struct cqsim_slice cqsim_buf_slice(const struct cqsim_buf *b);

void cqsim_put(struct cqsim_buf *b, const void *p, size_t n);
void cqsim_put_u8(struct cqsim_buf *b, unsigned v);
void cqsim_put_u16(struct cqsim_buf *b, unsigned v);
void cqsim_put_u32(struct cqsim_buf *b, uint32_t v);
void cqsim_put_u64(struct cqsim_buf *b, uint64_t v);
void cqsim_put_le(struct cqsim_buf *b, uint64_t v, unsigned n_bytes);
/* [string], [long string] and [bytes]; null is put_u32(b, UINT32_MAX). */
void cqsim_put_string(struct cqsim_buf *b, const char *s);
void cqsim_put_bytes(struct cqsim_buf *b, struct cqsim_slice s);
/* Overwrites four bytes, `at` counted from the head. */
void cqsim_patch_u32(struct cqsim_buf *b, size_t at, uint32_t v);

struct cqsim_reader cqsim_reader(struct cqsim_slice s);
size_t cqsim_left(const struct cqsim_reader *r);
unsigned cqsim_get_u8(struct cqsim_reader *r);
unsigned cqsim_get_u16(struct cqsim_reader *r);
uint32_t cqsim_get_u32(struct cqsim_reader *r);
uint64_t cqsim_get_le(struct cqsim_reader *r, unsigned n_bytes);
struct cqsim_slice cqsim_take(struct cqsim_reader *r, size_t n);
struct cqsim_slice cqsim_get_string(struct cqsim_reader *r);
struct cqsim_slice cqsim_get_long_string(struct cqsim_reader *r);
/* [bytes]; null gives p = NULL and n = 0. */
struct cqsim_slice cqsim_get_bytes(struct cqsim_reader *r);

struct cqsim_slice cqsim_text(const char *s);
bool cqsim_is(struct cqsim_slice s, const char *text);
bool cqsim_starts(struct cqsim_slice s, const char *prefix);
int cqsim_compare(struct cqsim_slice a, struct cqsim_slice b);
/* Copies into dst with a final NUL, cut at cap. */
void cqsim_copy_text(char *dst, size_t cap, struct cqsim_slice s);

#endif
