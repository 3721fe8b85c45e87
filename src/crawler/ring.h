/* SPDX-License-Identifier: Apache-2.0 */
/* The list has moved to base, where the sink sees it too. */
#include "base/ring.h"
