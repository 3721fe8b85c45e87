/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions and aggregates. Both may be overloaded: the argument types are part of the id. The
 * structure is what a caller depends on: argument types, what comes back, an aggregate's state.
 */
#include "model/row.h"

/* The elements of a list of texts but nulls, in m->items; they stay valid as long as the row. */
static void collect(struct cq_model *m, cq_bytes list, struct cq_rec_head *head)
{
    struct cql_iter it;
    cq_bytes one;

    cq_buf_clear(&m->items);
    cql_iter_begin(&it, list);
    while (cql_iter_next(&it, &one))
        if (!cq_is_null(one)) cq_buf_put(&m->items, &one, sizeof(one));
    head->has_signature = true;
    head->n_argument_types = m->items.n / sizeof(one);
    head->argument_types = (const cq_bytes *)(const void *)m->items.p;
}

static struct cq_rec_head head_of(const struct cq_object *o)
{
    return (struct cq_rec_head){.kind = o->kind,
                                .system = o->system,
                                .virtual_ = o->virtual_,
                                .hashed = true,
                                .structured = true,
                                .part = {o->keyspace, o->name}};
}

/* ["function"|"aggregate",[argument types],return type(,state type)] */
static void put_structure(struct cq_model *m, const struct cq_rec_head *head, cq_bytes returns,
                          const cq_bytes *state)
{
    struct cq_json j;

    cq_json_init(&j, &m->rec->structure, m->mem);
    cq_json_open(&j, '[');
    cq_json_text(&j, cq_str(cq_kind_name(head->kind)));
    cq_json_open(&j, '[');
    for (size_t i = 0; i < head->n_argument_types; i++)
        cq_json_text(&j, head->argument_types[i]);
    cq_json_close(&j, ']');
    cq_json_text(&j, returns);
    if (state) cq_json_text(&j, *state);
    cq_json_close(&j, ']');
}

static void put_arguments(struct cq_json *j, const struct cq_row *r)
{
    struct cql_iter names, types;

    cq_json_name(j, CQ_KEY("arguments"));
    cq_json_open(j, '[');
    cql_iter_begin(&names, r->cell[CQ_FUNCTIONS_argument_names]);
    cql_iter_begin(&types, r->cell[CQ_FUNCTIONS_argument_types]);
    for (;;) {
        cq_bytes name = CQ_NULL, type = CQ_NULL;
        bool any = cql_iter_next(&names, &name);

        if (!cql_iter_next(&types, &type) && !any) break;
        cq_json_open(j, '{');
        cq_json_member(j, CQ_KEY("name"), name);
        cq_json_member(j, CQ_KEY("type"), type);
        cq_json_close(j, '}');
    }
    cq_json_close(j, ']');
}

int cq_put_function(struct cq_model *m, const struct cq_object *o, cq_bytes *line)
{
    struct cq_rec_head head = head_of(o);
    struct cq_json *j = &m->rec->json;
    struct cq_row r;

    r = (struct cq_row){o->shape, o->cells};
    collect(m, r.cell[CQ_FUNCTIONS_argument_types], &head);
    cq_rec_begin(m->rec, &head);
    cq_model_fail(m, m->items.err);
    cq_json_member(j, CQ_KEY("keyspace"), o->keyspace);
    cq_json_member(j, CQ_KEY("name"), o->name);
    put_arguments(j, &r);
    cq_put_text(j, CQ_KEY("return_type"), &r, CQ_FUNCTIONS_return_type);
    cq_put_text(j, CQ_KEY("language"), &r, CQ_FUNCTIONS_language);
    cq_put_text(j, CQ_KEY("body"), &r, CQ_FUNCTIONS_body);
    cq_put_bool(j, CQ_KEY("called_on_null_input"), &r, CQ_FUNCTIONS_called_on_null_input);
    cq_put_extra(m, &r, true);
    put_structure(m, &head, r.cell[CQ_FUNCTIONS_return_type], NULL);
    return cq_rec_end(m->rec, line);
}

int cq_put_aggregate(struct cq_model *m, const struct cq_object *o, cq_bytes *line)
{
    struct cq_rec_head head = head_of(o);
    struct cq_json *j = &m->rec->json;
    struct cq_row r;

    r = (struct cq_row){o->shape, o->cells};
    collect(m, r.cell[CQ_AGGREGATES_argument_types], &head);
    cq_rec_begin(m->rec, &head);
    cq_model_fail(m, m->items.err);
    cq_json_member(j, CQ_KEY("keyspace"), o->keyspace);
    cq_json_member(j, CQ_KEY("name"), o->name);
    cq_put_texts(j, CQ_KEY("argument_types"), CQ_KEY("argument_types_base64"), &r,
                 CQ_AGGREGATES_argument_types);
    cq_put_text(j, CQ_KEY("return_type"), &r, CQ_AGGREGATES_return_type);
    cq_put_text(j, CQ_KEY("state_function"), &r, CQ_AGGREGATES_state_func);
    cq_put_text(j, CQ_KEY("state_type"), &r, CQ_AGGREGATES_state_type);
    cq_put_text(j, CQ_KEY("final_function"), &r, CQ_AGGREGATES_final_func);
    cq_put_text(j, CQ_KEY("initial_condition"), &r, CQ_AGGREGATES_initcond);
    cq_put_extra(m, &r, true);
    put_structure(m, &head, r.cell[CQ_AGGREGATES_return_type], &r.cell[CQ_AGGREGATES_state_type]);
    return cq_rec_end(m->rec, line);
}
