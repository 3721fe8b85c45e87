# SPDX-License-Identifier: Apache-2.0
# The program: everything but main.c is an object library of its own, so that tests and the fuzz target of the
# configuration can have it. It sees cli/ and include/ and nothing else of the project.
set(farm ${CMAKE_BINARY_DIR}/include-of/cli)
file(MAKE_DIRECTORY ${farm})
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/cli ${farm}/cli SYMBOLIC)
add_library(cq_cli OBJECT cli/args.c cli/options.c cli/loginset.c cli/config.c cli/keys.c cli/values.c cli/yaml.c
  cli/diag.c cli/pool.c cli/words.c cli/spec.c cli/target.c cli/inventory.c cli/password.c cli/text.c
  cli/output.c cli/session.c cli/report.c cli/summary.c cli/crawl.c cli/check.c cli/validate.c
  cli/help.c cli/schedule.c cli/notify.c cli/httpd.c cli/mhd.c)
# one run: what it waits for, what became of the targets
target_sources(cq_cli PRIVATE cli/loop.c cli/limits.c cli/signals.c cli/outcome.c
  cli/outdir.c cli/outname.c cli/metrics.c cli/clustermetrics.c cli/savemetrics.c
  cli/progress.c cli/deadletters.c cli/files.c cli/live.c cli/jsonlog.c
  cli/show.c cli/table.c cli/receivers.c cli/metricsfile.c
  cli/feed.c)
# who is to be read, and what is said of a run
target_sources(cq_cli PRIVATE cli/settings.c cli/url.c cli/run.c cli/sinks.c cli/discovery.c
  cli/hosts.c cli/lookup.c cli/lines.c cli/file_sd.c cli/http_sd.c cli/sources.c cli/choose.c
  cli/twice.c cli/compare.c)
# serve
target_sources(cq_cli PRIVATE cli/roster.c cli/serve.c cli/serve_http.c cli/serve_lists.c
  cli/serve_log.c cli/serve_metrics.c cli/serve_reload.c)
# bench
target_sources(cq_cli PRIVATE cli/bench.c cli/benchrun.c cli/benchfacts.c cli/benchsim.c cli/benchset.c
  cli/benchjson.c cli/benchtable.c cli/benchcompare.c cli/histogram.c cli/pace.c cli/spread.c)
target_include_directories(cq_cli PUBLIC ${farm} ${CMAKE_SOURCE_DIR}/include)
target_include_directories(cq_cli PUBLIC ${MHD_INCLUDE_DIRS})
target_link_libraries(cq_cli PRIVATE cq_warnings PUBLIC PkgConfig::YAML m ${CMAKE_DL_LIBS})

add_executable(cqlcrawl cli/main.c)
target_link_libraries(cqlcrawl PRIVATE cq_warnings cq_cli cqlcrawl_program)
target_link_options(cqlcrawl PRIVATE -Wl,--as-needed)
add_dependencies(cqlcrawl cqlcrawl_tls)
install(TARGETS cqlcrawl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
