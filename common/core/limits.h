/* common/core/limits.h - proto/limits.def as constants: LIMIT_DIVISION_ROWS and so on. */
#ifndef ZEREN_CORE_LIMITS_H
#define ZEREN_CORE_LIMITS_H

enum limit {
#define X(name, value, unit, why) LIMIT_##name = (value),
#include "limits.def"
#undef X
};

#endif
