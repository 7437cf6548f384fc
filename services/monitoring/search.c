/* services/monitoring/search.c - which of two statements answers a list of households: the plain
 * list, or the walk along words and flags. Rules M-190 to M-194. */
#include "search.h"

#include "household_parts.h"
#include "persons.h"
#include "sql_monitoring.h"

const char *const found_severities[] = {"error", "warning", "alert", NULL};

/* Is there anything that households are walked along? "unconfirmed=false" is a plain filter. */
static bool has_needle(const char *text, const char *unconfirmed, const char *open_findings)
{
    return text != NULL || open_findings != NULL || (unconfirmed != NULL && *unconfirmed == 't');
}

bool households_listed(struct request *rq)
{
    if (arg_text(rq, "unconfirmed") != NULL && !person_told(rq))
        return false;
    if (has_needle(arg_text(rq, "text"), arg_text(rq, "unconfirmed"),
                   arg_text(rq, "open_findings")))
        return db_page(rq, &SQL_household_search);
    return archive_page(rq, "head_name");
}
