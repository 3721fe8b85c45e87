/* SPDX-License-Identifier: Apache-2.0 */
/* What a target may be: every fault has its code and names the key; nothing is kept of a refused
 * one; versions of structs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cqlcrawl.h"
#include "net/certs.h"

static cqlcrawl *c;
static const struct cqlcrawl_endpoint host = {"h", 0};

static struct cqlcrawl_target good(void)
{
    struct cqlcrawl_target t = CQLCRAWL_INIT(cqlcrawl_target);

    t.endpoints = &host;
    t.n_endpoints = 1;
    return t;
}

static void refuse(const struct cqlcrawl_target *t, const char *code, const char *word)
{
    int err = cqlcrawl_validate(c, t);

    assert_true(err < 0);
    assert_string_equal(cqlcrawl_errcode(err), code);
    if (!strstr(cqlcrawl_last_error(c), word)) {
        fail_msg("'%s' does not say '%s'", cqlcrawl_last_error(c), word);
    }
    assert_int_equal(cqlcrawl_add(c, t, NULL), err);
    assert_int_equal(cqlcrawl_active(c), 0);
}

#define REFUSE(code, word, ...)                                                                    \
    do {                                                                                           \
        struct cqlcrawl_target t = good();                                                         \
        __VA_ARGS__;                                                                               \
        refuse(&t, code, word);                                                                    \
    } while (0)
#define FILE_OF(p) ((struct cqlcrawl_text){CQLCRAWL_FILE, p, 0})
#define BYTES_OF(s) ((struct cqlcrawl_text){CQLCRAWL_BYTES, s, sizeof(s) - 1})

static void test_refused(void **state)
{
    const struct cqlcrawl_endpoint bad = {"a b", 0}, none = {"", 0};
    const struct cqlcrawl_pair twice[] = {{"a", "1"}, {"a", "2"}}, empty = {"", "1"},
                               half = {"a", NULL};

    (void)state;
    REFUSE("invalid_argument", "no size", t.size = 0);
    REFUSE("invalid_argument", "contact_points", t.n_endpoints = 0);
    REFUSE("invalid_argument", "contact_points", t.n_endpoints = 17);
    REFUSE("invalid_argument", "contact_points", t.endpoints = &bad);
    REFUSE("invalid_argument", "contact_points", t.endpoints = &none);
    REFUSE("invalid_argument", "name", t.name = "");
    REFUSE("invalid_argument", "control", t.name = "a\nb");
    REFUSE("invalid_argument", "twice", t.labels = twice; t.n_labels = 2);
    REFUSE("invalid_argument", "empty", t.labels = &empty; t.n_labels = 1);
    REFUSE("invalid_argument", "no value", t.labels = &half; t.n_labels = 1);
    REFUSE("invalid_argument", "tls.mode", t.tls_mode = (enum cqlcrawl_tls_mode)9);
    REFUSE("invalid_argument", "belong together", t.tls_mode = CQLCRAWL_TLS_REQUIRE;
           t.tls_cert = FILE_OF("x"));
    REFUSE("invalid_argument", "without TLS", t.tls_cacert = FILE_OF("x"));
    REFUSE("invalid_argument", "without TLS", t.tls_name = "x");
    REFUSE("invalid_argument", "verifies nothing", t.tls_mode = CQLCRAWL_TLS_REQUIRE;
           t.tls_cacert = FILE_OF("x"));
    REFUSE("invalid_argument", "only mode verify-full", t.tls_mode = CQLCRAWL_TLS_VERIFY_CA;
           t.tls_name = "x");
    REFUSE("invalid_argument", "min_version", t.tls_mode = CQLCRAWL_TLS_REQUIRE;
           t.tls_min_version = 11);
    REFUSE("tls_config", "tls.cacert", t.tls_mode = CQLCRAWL_TLS_VERIFY_CA;
           t.tls_cacert = FILE_OF("/nonexistent.pem"));
    REFUSE("tls_config", "", t.tls_mode = CQLCRAWL_TLS_VERIFY_CA;
           t.tls_cacert = BYTES_OF("no PEM"));
    REFUSE("invalid_argument", "mechanism is none", t.user = "u");
    REFUSE("invalid_argument", "auth.user", t.auth = CQLCRAWL_AUTH_PLAIN;
           t.password = BYTES_OF("p"));
    REFUSE("invalid_argument", "auth.password", t.auth = CQLCRAWL_AUTH_PLAIN; t.user = "u");
    REFUSE("invalid_argument", "mtls needs", t.auth = CQLCRAWL_AUTH_MTLS);
    REFUSE("secret", "NUL", t.auth = CQLCRAWL_AUTH_PLAIN; t.user = "u";
           t.password = BYTES_OF("a\0b"));
    REFUSE("invalid_argument", "protocol", t.protocol = 3);
    REFUSE("invalid_argument", "compression", t.compression = (enum cqlcrawl_compression)7);
    REFUSE("invalid_argument", "proof", t.proof = (enum cqlcrawl_proof)7);
    REFUSE("out_of_range", "timeout", t.timeout_ms = 86400001);
    REFUSE("out_of_range", "timeout", t.connect_timeout_ms = UINT64_MAX);
    REFUSE("invalid_argument", "include: not a regular expression", t.include = "(");
    REFUSE("invalid_argument", "exclude: not a regular expression", t.exclude = "[");
}

/* Password files are not read by the check: they may not be there yet. */
static void test_taken(void **state)
{
    struct cqlcrawl_target t = good();

    (void)state;
    t.auth = CQLCRAWL_AUTH_PLAIN;
    t.user = "u";
    t.password = FILE_OF("/nonexistent/password");
    assert_int_equal(cqlcrawl_validate(c, &t), 0);
    assert_string_equal(cqlcrawl_last_error(c), "");
    t.size = offsetof(struct cqlcrawl_target, tls_min_version); /* an older program's struct */
    assert_int_equal(cqlcrawl_validate(c, &t), 0);
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* A file that stands still is read once (what is younger than 3 s is read each time); one that has
 * changed is read again, at once and later. */
static void test_rotated(void **state)
{
    const struct cert_spec spec = {.cn = "CA", .ca = true};
    struct cqlcrawl_target t = good();
    char path[64];
    struct cert ca;

    (void)state;
    cert_make(&ca, &spec, NULL);
    (void)snprintf(path, sizeof(path), "/tmp/cq-rotated-%ld.pem", (long)getpid());
    put(path, ca.cert_pem);
    t.tls_mode = CQLCRAWL_TLS_VERIFY_CA;
    t.tls_cacert = FILE_OF(path);
    (void)sleep(4);
    assert_int_equal(cqlcrawl_validate(c, &t), 0);
    assert_int_equal(cqlcrawl_validate(c, &t), 0);
    put(path, "no PEM");
    refuse(&t, "tls_config", "no PEM");
    (void)sleep(4);
    refuse(&t, "tls_config", "no PEM");
    put(path, ca.cert_pem);
    assert_int_equal(cqlcrawl_validate(c, &t), 0);
    assert_int_equal(unlink(path), 0);
    refuse(&t, "tls_config", "tls.cacert");
    cert_free(&ca);
}

static void test_words(void **state)
{
    struct cqlcrawl_options o = {0};
    cqlcrawl *none;

    (void)state;
    assert_string_equal(cqlcrawl_version(), CQLCRAWL_VERSION);
    assert_string_equal(cqlcrawl_errcode(0), "ok");
    assert_string_equal(cqlcrawl_errcode(12345), "internal");
    assert_true(*cqlcrawl_strerror(-1) && *cqlcrawl_remedy(-1) && *cqlcrawl_errclass(-1));
    assert_true(cqlcrawl_new(&none, &o) < 0); /* no size */
    assert_true(cqlcrawl_cancel(c, 0) < 0);
    assert_true(cqlcrawl_cancel(c, UINT64_MAX) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_rotated),
        cmocka_unit_test(test_words),
    };
    struct cqlcrawl_options o = CQLCRAWL_INIT(cqlcrawl_options);
    int failed;

    if (cqlcrawl_new(&c, &o)) return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    cqlcrawl_close(c, NULL, NULL);
    return failed;
}
