/* SPDX-License-Identifier: Apache-2.0 */
/* CQ_SANITIZED: is this a build whose tools watch the life of every block? */
#ifndef CQ_BASE_SANITIZED_H
#define CQ_BASE_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__)
#define CQ_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define CQ_SANITIZED 1
#endif
#endif

#ifndef CQ_SANITIZED
#define CQ_SANITIZED 0
#endif

#endif
