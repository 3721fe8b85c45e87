/* SPDX-License-Identifier: Apache-2.0 */
/* zstd at level 1 and zlib at level 1 (reference figures on 1 MB of records: docs/design.md). */
#include "sink/encode.h"

#include <assert.h>
#include <zlib.h>
#include <zstd.h>

#include "base/bounds.h"
#include "base/err.h"

enum { LEVEL = 1, GZIP_WINDOW = 15 + 16, GZIP_MEMORY = 8, ROOM = 64 << 10 };

struct cq_encoder {
    const struct cq_mem *mem;
    enum cq_encoding encoding;
    ZSTD_CCtx *zstd;
    z_stream gzip;
    bool gzip_open;
    cq_bytes in;
    size_t at;
    struct cq_buf *out;
};

static void *gzip_alloc(void *ctx, unsigned n, unsigned size)
{
    const struct cq_encoder *e = ctx;

    return cq_calloc(e->mem, n, size);
}

static void gzip_free(void *ctx, void *p)
{
    const struct cq_encoder *e = ctx;

    cq_free(e->mem, p);
}

static int open_gzip(struct cq_encoder *e)
{
    e->gzip.zalloc = gzip_alloc;
    e->gzip.zfree = gzip_free;
    e->gzip.opaque = e;
    e->gzip_open = deflateInit2(&e->gzip, LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
                                Z_DEFAULT_STRATEGY) == Z_OK;
    return e->gzip_open ? 0 : CQ_ENOMEM;
}

static int open_zstd(struct cq_encoder *e)
{
    e->zstd = ZSTD_createCCtx();
    if (!e->zstd) return CQ_ENOMEM;
    (void)ZSTD_CCtx_setParameter(e->zstd, ZSTD_c_compressionLevel, LEVEL);
    return 0;
}

int cq_encoder_new(struct cq_encoder **out, const struct cq_mem *mem, enum cq_encoding encoding)
{
    struct cq_encoder *e = cq_calloc(mem, 1, sizeof(*e));
    int err;

    assert(encoding != CQ_ENCODING_IDENTITY);
    *out = NULL;
    if (!e) return CQ_ENOMEM;
    e->mem = mem;
    e->encoding = encoding;
    err = encoding == CQ_ENCODING_ZSTD ? open_zstd(e) : open_gzip(e);
    if (err) {
        cq_encoder_free(e);
        return err;
    }
    *out = e;
    return 0;
}

void cq_encoder_free(struct cq_encoder *e)
{
    if (!e) return;
    (void)ZSTD_freeCCtx(e->zstd);
    if (e->gzip_open) (void)deflateEnd(&e->gzip);
    cq_free(e->mem, e);
}

void cq_encoder_begin(struct cq_encoder *e, cq_bytes in, struct cq_buf *out)
{
    e->in = in;
    e->at = 0;
    e->out = out;
    cq_buf_clear(out);
    if (e->encoding == CQ_ENCODING_GZIP) {
        (void)deflateReset(&e->gzip);
        return;
    }
    (void)ZSTD_CCtx_reset(e->zstd, ZSTD_reset_session_only);
    (void)ZSTD_CCtx_setPledgedSrcSize(e->zstd, in.n); /* a small batch takes small tables */
}

static int step_zstd(struct cq_encoder *e, cq_bytes part, bool last)
{
    ZSTD_inBuffer in = {part.p, part.n, 0};
    size_t left;

    do {
        uint8_t *to = cq_buf_room(e->out, ROOM);
        ZSTD_outBuffer out = {to, ROOM, 0};

        if (!to) return e->out->err;
        left = ZSTD_compressStream2(e->zstd, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left)) return CQ_ENOMEM; /* its only failure here: it allocates late */
        e->out->n += out.pos;
    } while (last ? left > 0 : in.pos < in.size);
    return last;
}

static int step_gzip(struct cq_encoder *e, cq_bytes part, bool last)
{
    union { /* zlib's input is not const, and is not written to */
        const uint8_t *p;
        uint8_t *q;
    } in = {part.p};
    int rc;

    e->gzip.next_in = in.q;
    e->gzip.avail_in = (unsigned)part.n;
    do {
        e->gzip.next_out = cq_buf_room(e->out, ROOM);
        e->gzip.avail_out = ROOM;
        if (!e->gzip.next_out) return e->out->err;
        rc = deflate(&e->gzip, last ? Z_FINISH : Z_NO_FLUSH);
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR) return CQ_EINTERNAL;
        e->out->n += ROOM - e->gzip.avail_out;
    } while (last ? rc != Z_STREAM_END : e->gzip.avail_in > 0);
    return last;
}

int cq_encoder_step(struct cq_encoder *e)
{
    size_t left = e->in.n - e->at;
    bool last = left <= CQ_ENCODE_STEP;
    cq_bytes part = {e->in.p + e->at, last ? left : CQ_ENCODE_STEP};

    e->at += part.n;
    return e->encoding == CQ_ENCODING_ZSTD ? step_zstd(e, part, last) : step_gzip(e, part, last);
}
