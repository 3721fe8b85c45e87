/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS of the simulator, sans-I/O: ciphertext in and out, plaintext in and out, OpenSSL over two
 * memory BIOs. One context serves every connection. After each call the caller drains
 * cqsim_tls_out, also after a failure: there may be an alert in it.
 */
#ifndef CQSIM_TLS_H
#define CQSIM_TLS_H

#include "sim/config.h"

struct cqsim_pki;
struct cqsim_tls_context;
struct cqsim_tls;

/* The same with a made certificate instead of files->cert and key. */
struct cqsim_tls_context *cqsim_tls_context_made(const struct cqsim_tls_files *files,
                                                 const struct cqsim_pki *pki, bool expired,
                                                 char *error, size_t n_error);
/* NULL and a text when files cannot be read or do not fit together. */
struct cqsim_tls_context *cqsim_tls_context_new(const struct cqsim_tls_files *files, char *error,
                                                size_t n_error);
void cqsim_tls_context_free(struct cqsim_tls_context *ctx);

struct cqsim_tls *cqsim_tls_new(struct cqsim_tls_context *ctx);
void cqsim_tls_free(struct cqsim_tls *tls);
/* false when the handshake or a record failed. */
bool cqsim_tls_feed(struct cqsim_tls *tls, struct cqsim_slice cipher, struct cqsim_buf *plain);
bool cqsim_tls_write(struct cqsim_tls *tls, struct cqsim_slice plain);
/* Ends the stream with a close_notify. */
void cqsim_tls_shutdown(struct cqsim_tls *tls);
void cqsim_tls_out(struct cqsim_tls *tls, struct cqsim_buf *cipher);
bool cqsim_tls_is_open(const struct cqsim_tls *tls); /* handshake done */
bool cqsim_tls_is_resumed(const struct cqsim_tls *tls);
bool cqsim_tls_has_client_cert(const struct cqsim_tls *tls);

#endif
