/* services/monitoring/archive_limits.h - how long the texts of the archive are: in the contract's
 * fields and in the columns of tables alike (M-160). Nothing else. */
#ifndef ZEREN_ARCHIVE_LIMITS_H
#define ZEREN_ARCHIVE_LIMITS_H

enum { HOUSEHOLD_NUMBER_MAX = 40, ADDRESS_MAX = 200, RISK_NOTE_MAX = 300, PERSON_NAME_MAX = 60 };

#endif
