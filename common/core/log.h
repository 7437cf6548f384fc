/* common/core/log.h - one JSON object a line on standard error. Libraries return errors and do not
 * log; the engine writes one line a request, main writes start and stop. Names are in
 * proto/log.def. */
#ifndef ZEREN_CORE_LOG_H
#define ZEREN_CORE_LOG_H

#include <stdint.h>

#include "core/err.h"

/* Sets the service name on every line. Call once before threads. */
void log_init(const char *service);

/* A line under construction, on the stack; names and values never carry tokens, passwords or names
 * of people. */
struct log_line {
    char bytes[2048];
    unsigned len;
};
void log_begin(struct log_line *l, enum err_level level, const char *event);
void log_text(struct log_line *l, const char *name,
              const char *value); /* NULL is left out; cut when too long */
void log_int(struct log_line *l, const char *name, int64_t value);
void log_end(struct log_line *l); /* writes with one write(2) */

/* A whole line with one text field, for start-up and shutdown. */
void log_event(enum err_level level, const char *event, const char *name, const char *value);

#endif
