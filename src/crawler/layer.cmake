# SPDX-License-Identifier: Apache-2.0
# The pure part of the crawler. The shell (link, driver) is a target of its own: shell.cmake.
cq_layer(crawler
  SOURCES crawler/queries.c crawler/budget.c crawler/names.c crawler/findings.c crawler/shape.c
    crawler/pages.c crawler/cursor.c crawler/cursor_list.c crawler/sorted.c crawler/merge.c crawler/gather.c
    crawler/reading.c crawler/login.c crawler/product.c crawler/crawl.c crawler/crawl_conn.c
    crawler/crawl_work.c crawler/crawl_rate.c crawler/crawl_ask.c crawler/crawl_emit.c
    crawler/crawl_nodes.c crawler/crawl_known.c
    crawler/crawl_verdict.c crawler/meter.c crawler/due.c crawler/far.c crawler/fleet.c crawler/retry.c
  HOT crawler/cursor.c crawler/cursor_list.c crawler/gather.c crawler/merge.c
  USES base proto record model state)
