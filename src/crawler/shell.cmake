# SPDX-License-Identifier: Apache-2.0
# The shell of the crawler: the only part of it that may see libuv. It shares the folder with the pure part and sees
# that part through its include path.
add_library(cq_crawler_shell OBJECT crawler/link.c crawler/link_points.c crawler/driver.c crawler/jobs.c)
set_target_properties(cq_crawler_shell PROPERTIES
  POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
target_link_libraries(cq_crawler_shell PRIVATE cq_warnings)
target_link_libraries(cq_crawler_shell PUBLIC PkgConfig::UV cq_crawler cq_net cq_cred)
set_property(GLOBAL APPEND PROPERTY CQ_LAYERS crawler_shell)
