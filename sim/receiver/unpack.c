/* SPDX-License-Identifier: Apache-2.0 */
/* zlib and libzstd behind unpack.h. What is wrong with the content is kept until done asks. */
#include "sim/receiver/unpack.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>

enum { PIECE = 64 << 10, GZIP_ONLY = 15 + 16 };

const char *cqsim_coding_name(enum cqsim_coding coding)
{
    static const char *const names[CQSIM_N_CODINGS] = {"identity", "gzip", "zstd"};
    return names[coding];
}

void cqsim_unpack_fini(struct cqsim_unpack *u)
{
    if (u->stream != NULL && u->made == CQSIM_GZIP) inflateEnd(u->stream);
    if (u->made == CQSIM_GZIP) free(u->stream);
    if (u->made == CQSIM_ZSTD) ZSTD_freeDStream(u->stream);
    *u = (struct cqsim_unpack){0};
}

static void make_stream(struct cqsim_unpack *u, enum cqsim_coding coding)
{
    if (u->made != coding) cqsim_unpack_fini(u);
    if (u->stream == NULL && coding == CQSIM_GZIP) {
        u->stream = cqsim_alloc(sizeof(z_stream));
        if (inflateInit2((z_stream *)u->stream, GZIP_ONLY) != Z_OK) abort();
    }
    if (u->stream == NULL && coding == CQSIM_ZSTD) u->stream = ZSTD_createDStream();
    u->made = coding;
    if (coding == CQSIM_GZIP) inflateReset(u->stream);
    if (coding == CQSIM_ZSTD) ZSTD_initDStream(u->stream);
}

bool cqsim_unpack_begin(struct cqsim_unpack *u, const char *encoding)
{
    enum cqsim_coding coding = CQSIM_IDENTITY;
    bool known = encoding[0] == 0;
    for (unsigned i = 0; i < CQSIM_N_CODINGS; i++) {
        if (strcasecmp(encoding, cqsim_coding_name((enum cqsim_coding)i)) != 0) continue;
        coding = (enum cqsim_coding)i;
        known = true;
    }
    if (coding != CQSIM_IDENTITY) make_stream(u, coding);
    u->coding = coding;
    u->is_whole = coding == CQSIM_IDENTITY;
    u->bad = u->too_large = false;
    return known;
}

/* Room for one more piece, or the end of the road. */
static bool has_room(struct cqsim_unpack *u, const struct cqsim_buf *out, size_t n)
{
    u->too_large = u->too_large || cqsim_buf_len(out) + n > CQSIM_UNPACK_MAX;
    return !u->too_large;
}

static void feed_gzip(struct cqsim_unpack *u, struct cqsim_slice in, struct cqsim_buf *out)
{
    z_stream *z = u->stream;
    uint8_t *input;
    memcpy(&input, &in.p, sizeof input); /* zlib does not say const */
    z->next_in = input;
    z->avail_in = (unsigned)in.n;
    bool full = true;
    while (!u->bad && (z->avail_in > 0 || full) && has_room(u, out, PIECE)) {
        if (u->is_whole && z->avail_in == 0) return;
        if (u->is_whole) inflateReset(z);
        z->next_out = cqsim_buf_space(out, PIECE);
        z->avail_out = PIECE;
        int rc = inflate(z, Z_NO_FLUSH);
        out->end += PIECE - z->avail_out;
        full = z->avail_out == 0;
        u->is_whole = rc == Z_STREAM_END;
        u->bad = rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR;
    }
}

static void feed_zstd(struct cqsim_unpack *u, struct cqsim_slice in, struct cqsim_buf *out)
{
    ZSTD_inBuffer from = {in.p, in.n, 0};
    bool full = true;
    while (!u->bad && (from.pos < from.size || full) && has_room(u, out, PIECE)) {
        if (u->is_whole && from.pos == from.size) return;
        ZSTD_outBuffer to = {cqsim_buf_space(out, PIECE), PIECE, 0};
        size_t rc = ZSTD_decompressStream(u->stream, &to, &from);
        out->end += to.pos;
        full = to.pos == to.size;
        u->is_whole = rc == 0;
        u->bad = ZSTD_isError(rc) != 0;
    }
}

void cqsim_unpack_feed(struct cqsim_unpack *u, struct cqsim_slice in, struct cqsim_buf *out)
{
    if (in.n == 0 || u->bad || u->too_large) return;
    if (u->coding == CQSIM_GZIP)
        feed_gzip(u, in, out);
    else if (u->coding == CQSIM_ZSTD)
        feed_zstd(u, in, out);
    else if (has_room(u, out, in.n))
        cqsim_put(out, in.p, in.n);
}

bool cqsim_unpack_done(const struct cqsim_unpack *u)
{
    return u->is_whole && !u->bad && !u->too_large;
}
