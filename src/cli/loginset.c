/* SPDX-License-Identifier: Apache-2.0 */
/* Options of login and TLS: of the command line's own targets. */
#include <string.h>

#include "cli/setters.h"
#include "cli/target.h"
#include "cli/words.h"

static void login(struct cq_args *a, const char *name, enum cq_key key)
{
    a->login_option = name;
    CQ_SAY(&a->login, key);
}

static struct cqlcrawl_text file(const char *path)
{
    return (struct cqlcrawl_text){CQLCRAWL_FILE, path, 0};
}

bool cq_login_set_user(struct cq_args *a, struct cq_pool *pool, const char *name, const char *value)
{
    (void)pool;
    login(a, name, CQ_KEY_USER);
    a->login.t.user = value;
    return *value && !strchr(value, ':');
}

bool cq_login_set_password_file(struct cq_args *a, struct cq_pool *pool, const char *name,
                                const char *value)
{
    (void)pool;
    login(a, name, CQ_KEY_PASSWORD);
    a->password_file = value;
    a->login.t.password = file(value);
    return *value;
}

bool cq_login_set_plaintext(struct cq_args *a, struct cq_pool *pool, const char *name,
                            const char *value)
{
    (void)pool, (void)value;
    login(a, name, CQ_KEY_PLAINTEXT);
    a->login.t.allow_plaintext_login = 1;
    return true;
}

bool cq_login_set_tls(struct cq_args *a, struct cq_pool *pool, const char *name, const char *value)
{
    int i = cq_parse_word(value, cq_tls_words);

    (void)pool;
    login(a, name, CQ_KEY_TLS_MODE);
    a->login.t.tls_mode = (enum cqlcrawl_tls_mode)(i < 0 ? 0 : i);
    return i >= 0;
}

bool cq_login_set_tls_name(struct cq_args *a, struct cq_pool *pool, const char *name,
                           const char *value)
{
    (void)pool;
    login(a, name, CQ_KEY_TLS_NAME);
    a->login.t.tls_name = value;
    return *value;
}

bool cq_login_set_tls_sni(struct cq_args *a, struct cq_pool *pool, const char *name,
                          const char *value)
{
    (void)pool;
    login(a, name, CQ_KEY_TLS_SNI);
    a->login.t.tls_sni = value;
    return *value;
}

bool cq_login_set_cacert(struct cq_args *a, struct cq_pool *pool, const char *name,
                         const char *value)
{
    (void)pool;
    login(a, name, CQ_KEY_TLS_CACERT);
    a->login.t.tls_cacert = file(value);
    return *value;
}

bool cq_login_set_cert(struct cq_args *a, struct cq_pool *pool, const char *name, const char *value)
{
    (void)pool;
    login(a, name, CQ_KEY_TLS_CERT);
    a->login.t.tls_cert = file(value);
    return *value;
}

bool cq_login_set_key(struct cq_args *a, struct cq_pool *pool, const char *name, const char *value)
{
    (void)pool;
    login(a, name, CQ_KEY_TLS_KEY);
    a->login.t.tls_key = file(value);
    return *value;
}
