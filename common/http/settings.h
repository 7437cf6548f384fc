/* common/http/settings.h - the settings that every service has, loaded together with the service's
 * own. */
#ifndef ZEREN_HTTP_SETTINGS_H
#define ZEREN_HTTP_SETTINGS_H

#include <stdio.h>

#include "core/arena.h"
#include "core/err.h"
#include "http/lifecycle.h"

/* Fills `ret` and the service's own struct from the environment; strings live in `a`. Fails as
 * config_load() does. */
bool settings_load(struct arena *a, const struct service *s, struct engine_settings *ret,
                   struct err *err);

/* NAME=value lines, secrets hidden; and an env file with prose and defaults. */
void settings_print(FILE *to, const struct service *s, const struct engine_settings *e);
void settings_example(FILE *to, const struct service *s);

/* The same for a service's worker (http/worker.h), whose settings are fewer. */
bool worker_settings_load(struct arena *a, struct engine_settings *ret, struct err *err);
void worker_settings_print(FILE *to, const struct engine_settings *e);
void worker_settings_example(FILE *to);

#endif
