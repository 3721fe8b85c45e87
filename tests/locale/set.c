/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded (LD_PRELOAD), it makes any program run in the locale of its environment, as a host with
 * setlocale(LC_ALL, "") would: numbers must not change with it. It says so once where
 * CQ_LOCALE_SAYS names a file, so that a test of nothing cannot pass.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void set(void)
{
    const char *locale = setlocale(LC_ALL, ""), *path = getenv("CQ_LOCALE_SAYS");
    FILE *f = path ? fopen(path, "a") : NULL;

    if (!f) return;
    fprintf(f, "%s %.1f\n", locale ? locale : "refused", 0.5);
    fclose(f);
}
