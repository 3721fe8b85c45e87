/* SPDX-License-Identifier: Apache-2.0 */
/* Clusters that are read again and again: what a new inventory keeps, adds and takes away, while
 * reads are under way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/roster.h"

#define SEC 1000000000u
#define RAMP (60 * (uint64_t)SEC)

static struct cq_inventory *inventory(const char *clusters)
{
    char path[] = "/tmp/cq-roster-XXXXXX";
    struct cq_args a = {.command = CQ_CMD_SERVE, .config = path};
    struct cq_secrets secrets = {0};
    struct cq_pool pool = {0};
    struct cq_diags d = {.pool = &pool};
    struct cq_inventory *inv;
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_true(dprintf(fd, "defaults: {interval: 60s}\nclusters:\n%s", clusters) > 0);
    (void)close(fd);
    inv = cq_inventory_load(&d, &a, &secrets, CQ_TO_SERVE);
    (void)unlink(path);
    if (!inv) fail_msg("%s", d.messages[0]);
    cq_pool_free(&pool);
    return inv;
}

#define A "  - {name: a, contact_points: [127.0.0.1]}\n"
#define A2 "  - {name: a, contact_points: [127.0.0.2], interval: 10s}\n"
#define B "  - {name: b, contact_points: [127.0.0.1]}\n"
#define C "  - {name: c, contact_points: [127.0.0.1], interval: 5s}\n"

static void takes(struct cq_roster *r, const char *clusters, uint64_t now, size_t added,
                  size_t changed, size_t removed)
{
    struct cq_roster_change c;

    assert_true(cq_roster_take(r, inventory(clusters), now, &c));
    assert_int_equal(c.added, added);
    assert_int_equal(c.changed, changed);
    assert_int_equal(c.removed, removed);
    for (size_t i = 0; i < r->n; i++) {
        assert_ptr_equal(r->list[i]->cluster, &r->inv->clusters[i]);
        assert_string_equal(r->list[i]->outcome.title, r->inv->clusters[i].name);
        assert_ptr_equal(r->list[i]->outcome.own, r->list[i]);
    }
}

static struct cq_served *due(struct cq_roster *r, uint64_t *now)
{
    struct cq_served *s;

    *now = cq_schedule_deadline(&r->schedule);
    s = cq_roster_due(r, *now);
    assert_non_null(s);
    assert_true(s->reading);
    return s;
}

static void test_take(void **state)
{
    struct cq_roster r;
    struct cq_served *a, *b;
    uint64_t turn;

    (void)state;
    cq_roster_init(&r, 1, RAMP);
    takes(&r, A B, SEC, 2, 0, 0);
    a = r.list[0];
    b = r.list[1];
    turn = a->turn.due_ns;
    assert_in_range(turn, SEC, SEC + RAMP);
    takes(&r, A B, 2 * (uint64_t)SEC, 0, 0, 0); /* nothing is another one */
    assert_ptr_equal(r.list[0], a);
    assert_int_equal(a->turn.due_ns, turn);
    takes(&r, B C A, 3 * (uint64_t)SEC, 1, 0, 0); /* another order is no change */
    assert_ptr_equal(r.list[0], b);
    assert_ptr_equal(r.list[2], a);
    assert_int_equal(a->turn.due_ns, turn);
    assert_in_range(r.list[1]->turn.due_ns, 3 * (uint64_t)SEC, 8 * (uint64_t)SEC);
    takes(&r, A2, 4 * (uint64_t)SEC, 0, 1, 2);
    assert_ptr_equal(r.list[0], a);
    assert_int_equal(a->turn.interval_ns, 10 * (uint64_t)SEC);
    assert_int_equal(r.schedule.n_turns, 1);
    takes(&r, "  []\n", 5 * (uint64_t)SEC, 0, 0, 1);
    assert_int_equal(cq_schedule_deadline(&r.schedule), UINT64_MAX);
    takes(&r, A, 6 * (uint64_t)SEC, 1, 0, 0);
    cq_roster_fini(&r);
}

static void test_removed_while_read(void **state)
{
    struct cq_roster r;
    struct cq_served *s;
    uint64_t now;

    (void)state;
    cq_roster_init(&r, 1, RAMP);
    takes(&r, C, SEC, 1, 0, 0);
    s = due(&r, &now);
    takes(&r, A, now, 1, 0, 1);
    assert_ptr_equal(r.leaving, s);
    assert_string_equal(s->outcome.title, "c"); /* its words are still there */
    takes(&r, A C, now, 1, 0, 0);               /* it comes back: as a new one */
    assert_ptr_not_equal(r.list[1], s);
    cq_roster_done(&r, s, CQ_TURN_GOOD, now + 1);
    assert_null(r.leaving);
    assert_int_equal(r.schedule.n_turns, 2);
    s = due(&r, &now);
    cq_roster_done(&r, s, CQ_TURN_FAILED, now);
    assert_int_equal(s->turn.failures, 1);
    assert_false(s->reading);
    cq_roster_fini(&r);
}

/* What is said of a cluster changes while it is read: from the next read on. */
static void test_changed_while_read(void **state)
{
    struct cq_roster r;
    struct cq_served *s;
    uint64_t now;

    (void)state;
    cq_roster_init(&r, 1, RAMP);
    takes(&r, A, SEC, 1, 0, 0);
    s = due(&r, &now);
    takes(&r, A2, now, 0, 1, 0);
    assert_ptr_equal(r.list[0], s);
    assert_string_equal(s->cluster->endpoints[0].host, "127.0.0.2");
    assert_int_equal(cq_schedule_deadline(&r.schedule), UINT64_MAX); /* one read at a time */
    cq_roster_done(&r, s, CQ_TURN_GOOD, now);
    assert_in_range(s->turn.due_ns, now, now + 16 * (uint64_t)SEC);
    cq_roster_fini(&r);
}

static void test_end_while_read(void **state)
{
    struct cq_roster r;
    uint64_t now;

    (void)state;
    cq_roster_init(&r, 1, RAMP);
    takes(&r, A B, SEC, 2, 0, 0);
    (void)due(&r, &now);
    (void)due(&r, &now);
    takes(&r, A, now, 0, 0, 1);
    cq_roster_fini(&r); /* nothing leaks */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_removed_while_read),
        cmocka_unit_test(test_changed_while_read),
        cmocka_unit_test(test_end_while_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
