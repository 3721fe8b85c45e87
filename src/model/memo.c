/* SPDX-License-Identifier: Apache-2.0 */
/* A memo's places, and what is put there (model/memo.h). */
#include "model/memo.h"

#include <assert.h>

#include "base/err.h"
#include "model/lists.h"

int cq_memo_new(struct cq_memo **out, const struct cq_mem *mem)
{
    struct cq_memo *memo = cq_calloc(mem, 1, sizeof(*memo));

    *out = NULL;
    if (!memo) return CQ_ENOMEM;
    memo->mem = mem;
    for (enum cq_memo_of of = 0; of < CQ_N_MEMOS; of++) {
        memo->places[of] = cq_calloc(mem, cq_memo_places(of), cq_memo_place_size(of));
        if (memo->places[of]) continue;
        cq_memo_free(memo);
        return CQ_ENOMEM;
    }
    if (cq_lists_new(&memo->lists, mem) != 0) {
        cq_memo_free(memo);
        return CQ_ENOMEM;
    }
    *out = memo;
    return 0;
}

void cq_memo_free(struct cq_memo *memo)
{
    if (!memo) return;
    for (int of = 0; of < CQ_N_MEMOS; of++)
        cq_free(memo->mem, memo->places[of]);
    cq_lists_free(memo->lists);
    cq_free(memo->mem, memo);
}

static bool fits(enum cq_memo_of of, const struct cq_memo_key *key,
                 const struct cq_memo_found *made)
{
    size_t n = sizeof(struct cq_memo_place) + made->json.n + made->structure.n + CQ_MEMO_COPY;

    for (size_t i = 0; i < key->n; i++)
        n += key->cells[i].n;
    return n <= cq_memo_place_size(of);
}

/* An empty place, or by turns one of them. */
static struct cq_memo_place *choose(struct cq_memo *memo, enum cq_memo_of of, uint64_t hash)
{
    uint8_t *at = cq_memo_at(memo, of, hash);

    for (int way = 0; way < CQ_MEMO_WAYS; way++) {
        struct cq_memo_place *p =
            (struct cq_memo_place *)(void *)(at + (size_t)way * cq_memo_place_size(of));

        if (p->shape == 0) return p;
    }
    at += memo->next++ % CQ_MEMO_WAYS * cq_memo_place_size(of);
    return (struct cq_memo_place *)(void *)at;
}

void cq_memo_keep(struct cq_memo *memo, enum cq_memo_of of, const struct cq_memo_key *key,
                  const struct cq_memo_found *made)
{
    struct cq_memo_place *p;
    uint8_t *to;

    static_assert(CQ_MEMO_OPTION_BYTES <= UINT16_MAX && CQ_MEMO_COLUMN_BYTES <= UINT16_MAX,
                  "lengths have sixteen bits");
    assert(key->shape != 0 && key->n <= CQ_MEMO_MAX_CELLS);
    if (!memo || !fits(of, key, made)) return;
    memo->kept++;
    p = choose(memo, of, key->hash);
    p->shape = key->shape;
    p->hash = key->hash;
    p->nulls = 0;
    to = p->bytes;
    for (size_t i = 0; i < key->n; i++) {
        cq_bytes cell = key->cells[i];

        p->length[i] = (uint16_t)cell.n;
        if (cq_is_null(cell)) p->nulls |= UINT32_C(1) << i;
        to = cq_bytes_put(to, cell);
    }
    p->n_cells = (uint16_t)(to - p->bytes);
    p->n_json = (uint16_t)made->json.n;
    p->n_structure = (uint16_t)made->structure.n;
    cq_bytes_put(cq_bytes_put(to, made->json), made->structure);
}
