/* services/monitoring/search.h - lists of households by their filters, words and flags. */
#ifndef ZEREN_SEARCH_H
#define ZEREN_SEARCH_H

#include "http/request.h"

/* GET /households: M-190 to M-193. */
handler households_listed;

extern const char *const found_severities[];

#endif
