/* services/monitoring/household_parts.h - what the handlers of households and members share. */
#ifndef ZEREN_HOUSEHOLD_PARTS_H
#define ZEREN_HOUSEHOLD_PARTS_H

#include "archive_limits.h"
#include "http/request.h"
#include "member_number.h"

/* clang-format off */
#define AS_OF_FIELD F_DATE("as_of", IN_QUERY, "As it was recorded at the end of this day.", "2026-06-30")
#define REASON_FIELD(flags) F_TEXT("reason", IN_BODY | (flags), 1, 300, "Why; stands in the record, in its versions and in the audit log.", "入户核实后更正")

/* A member, as it is sent and shown. */
#define MEMBER_COMMON \
    F_TEXT("name", IN_BODY | REQUIRED | SHOWN, 1, PERSON_NAME_MAX, "Name; of a child under fourteen its first character and stars, for callers who may not see more.", "赵甲"), \
    F_ENUM("sex", IN_BODY | SHOWN | NULLABLE, archive_sexes, "GB/T 2261.1; absent with an ID number: what that says."), \
    F_ENUM("certificate_kind", IN_BODY | SHOWN, archive_certificates, "Absent: id_card with an ID number, none without."), \
    F_SEALED("id_number", IN_BODY | SHOWN | NULLABLE, SEALED_CITIZEN_ID, "monitoring.member.id_number", "ID number (GB 11643); encrypted, shown masked by the caller's role."), \
    F_DATE("birth_on", IN_BODY | SHOWN | NULLABLE, "Day of birth; absent with an ID number: what that says.", "1987-03-01"), \
    F_TEXT("relation", IN_BODY | SHOWN | NULLABLE, 1, 40, "To the head, of the value list relation; the head's own is head.", "spouse"), \
    F_TEXT("ethnicity", IN_BODY | SHOWN | NULLABLE, 1, 40, "GB/T 3304.", "01"), \
    F_TEXT("politics", IN_BODY | SHOWN | NULLABLE, 1, 40, "GB/T 4762.", "13"), \
    F_TEXT("education", IN_BODY | SHOWN | NULLABLE, 1, 40, "Of the value list schooling; none while at school.", "junior"), \
    F_TEXT("student_status", IN_BODY | SHOWN | NULLABLE, 1, 40, "Of the value list student_status.", "junior_2"), \
    F_TEXT("not_in_school", IN_BODY | SHOWN | NULLABLE, 1, 40, "Why not at school, of the value list not_in_school.", "illness"), \
    F_SEALED_FOR("health", IN_BODY | SHOWN | NULLABLE, SEALED_CODES, "monitoring.member.health", PERM_HEALTH_READ, "Codes of the value list health_state, joined by commas; encrypted, shown to holders of health.read."), \
    F_SEALED_AMONG("disability_card", IN_BODY | SHOWN | NULLABLE, SEALED_DISABILITY_CARD, "monitoring.member.disability_card", PERM_HEALTH_READ, "The ID number with the class and the level of the disability; encrypted, shown masked to holders of health.read."), \
    F_TEXT("labour", IN_BODY | SHOWN | NULLABLE, 1, 40, "Of the value list labour.", "common"), \
    F_TEXT("work_place", IN_BODY | SHOWN | NULLABLE, 1, 12, "Province, prefecture or county by twelve characters, or abroad.", "440300000000"), \
    F_BOOL("working_away", IN_BODY | SHOWN | NULLABLE, "Away for work now."), \
    F_INT("work_months", IN_BODY | SHOWN | NULLABLE, 0, 12, "Months of work this year.", "8"), \
    F_DECIMAL("work_income", IN_BODY | SHOWN | NULLABLE, 0, 2, "Yuan a month from work.", "3500"), \
    F_DATE("work_started_on", IN_BODY | SHOWN | NULLABLE, "First day of the work.", "2026-02-20"), \
    F_DATE("work_ended_on", IN_BODY | SHOWN | NULLABLE, "Last day of the work.", "2026-11-30"), \
    F_BOOL("plans_away", IN_BODY | SHOWN | NULLABLE, "Plans to go away for work."), \
    F_TEXT("work_need", IN_BODY | SHOWN | NULLABLE, 1, 40, "What work is wanted, of the value list work_need.", "local"), \
    F_TEXTS("public_posts", IN_BODY | SHOWN, 6, "Public-benefit posts held, of the value list public_post."), \
    F_INT("public_post_months", IN_BODY | SHOWN | NULLABLE, 0, 12, "Months in them this year.", "12"), \
    F_BOOL("resident_medical", IN_BODY | SHOWN | NULLABLE, "Residents' medical insurance."), \
    F_BOOL("employee_medical", IN_BODY | SHOWN | NULLABLE, "Employees' medical insurance."), \
    F_BOOL("serious_illness_insurance", IN_BODY | SHOWN | NULLABLE, "Insurance for serious illness."), \
    F_BOOL("commercial_insurance", IN_BODY | SHOWN | NULLABLE, "Commercial medical insurance besides."), \
    F_BOOL("resident_pension", IN_BODY | SHOWN | NULLABLE, "Residents' pension insurance."), \
    F_BOOL("employee_pension", IN_BODY | SHOWN | NULLABLE, "Employees' pension insurance."), \
    F_BOOL("medical_aid", IN_BODY | SHOWN | NULLABLE, "Receives medical aid."), \
    F_ENUM("allowance", IN_BODY | SHOWN | NULLABLE, archive_reliefs, "Subsistence allowance."), \
    F_ENUM("destitute", IN_BODY | SHOWN | NULLABLE, archive_reliefs, "Support of the destitute."), \
    F_BOOL("resettled", IN_BODY | SHOWN | NULLABLE, "Resettled from elsewhere."), \
    F_TEXT("unemployed_graduate", IN_BODY | SHOWN | NULLABLE, 1, 40, "Why a graduate has no work, of the value list unemployed_graduate.", "looking"), \
    F_SEALED("phone", IN_BODY | SHOWN | NULLABLE, SEALED_PHONE, "monitoring.member.phone", "Telephone number; encrypted, shown masked by the caller's role.")

/* How the membership began. */
#define MEMBER_JOINED \
    F_DATE("joined_on", IN_BODY | SHOWN | NULLABLE, "The first day there; absent: today. Null: the birth of a child whose data this caller does not see.", "2020-01-01"), \
    F_ENUM("joined_how", IN_BODY | SHOWN, archive_joined, "How; absent: registered.")

#define MEMBER_SHOWN_BESIDES \
    F_CODE("owner_division", SHOWN, "The village."), \
    F_CODE("at_division", SHOWN, "Where this record was made."), \
    F_BOOL("minor", SHOWN, "A child whose data this caller does not see: no numbers, day of birth, school or health."), \
    F_DATE("left_on", SHOWN | NULLABLE, "The first day no longer there; null: lives there.", "2026-05-02"), \
    F_ENUM("left_how", SHOWN | NULLABLE, archive_left, "Why no longer there."), \
    F_UUID("follows_id", SHOWN | NULLABLE, "The same person's membership before."), \
    F_ENUM("confirmation", IN_QUERY | SHOWN, archive_confirmations, "Is the person registered here alone? none: without an ID number. To callers without person.locate every number is unconfirmed, and they do not filter by it."), \
    RECORDED_FIELDS

/* Who recorded the version in force. */
#define RECORDED_FIELDS \
    F_INSTANT("recorded_at", SHOWN, "When this version was recorded."), \
    F_UUID("recorded_by_post", SHOWN | NULLABLE, "The post that recorded it."), \
    F_ENUM("source", SHOWN, archive_sources, "Where it came from; recount: an income, computed anew when it became known otherwise who lived there."), \
    F_UUID("batch_id", SHOWN | NULLABLE, "The batch that it came in with."), \
    F_INSTANT("created_at", SHOWN, "When the record was entered.")

/* Names of the body's fields, for `also` of a route. */
#define MEMBER_NAMES \
    "name sex certificate_kind id_number birth_on relation ethnicity politics education student_status not_in_school health disability_card labour work_place " \
    "working_away work_months work_income work_started_on work_ended_on plans_away work_need public_posts public_post_months resident_medical employee_medical " \
    "serious_illness_insurance commercial_insurance resident_pension employee_pension medical_aid allowance destitute resettled unemployed_graduate phone " \
    "joined_on joined_how "
/* clang-format on */

extern const char *const archive_sexes[],
    *const archive_certificates[], *const archive_reliefs[], *const archive_joined[],
                                                                 *const archive_left[],
                                                                     *const archive_confirmations[],
                                                                         *const archive_sources[];
extern const struct field member_fields[], household_fields[], peopled_fields[], relation_fields[];

/* A field of member_fields. */
const struct field *archive_member_field(const char *name);

/* A further member of an object for a statement. */
struct archive_value {
    const char *name, *text; /* NULL: null */
};

/* The body's given fields as one JSON object, sealed fields as ciphertext for `record` with their
 * hashes, and `more` (ended by a NULL name) in their place or besides; bound as :fields. */
bool archive_fields(struct request *rq, const char *record, const struct archive_value *more);

/* M-026: the codes in a value of `health`, "healthy,chronic", are of its value list; `pointer` says
 * where the value stands. NULL is. */
bool archive_health(struct request *rq, const char *codes, const char *pointer);

/* One row of household_hold. */
struct held {
    const char *version, *status, *division, *head_member_id;
};

/* M-037: holds one or two households until the end of the transaction. `ret`: of the first; 404
 * where it is not there. */
bool archive_hold(struct request *rq, const char *id, const char *other, struct held *ret);

/* :by_name, for lists that are searched or sorted by a name; a search by name is sorted by it. */
bool archive_page(struct request *rq, const char *name_sort);

/* A day in the body is not later than today; absent is. */
bool archive_not_later(struct request *rq, const char *field);
bool archive_day_not_later(struct request *rq, const char *day, const char *pointer);

/* M-034: who moves out of a household, each with its relation where it comes to: the ciphertexts
 * anew, for rows of their own; bound as :moved. `all`: nobody stays behind. */
struct mover {
    const char *member_id, *relation;
    char new_id[37];
};
bool archive_moved(struct request *rq, const char *from_id, struct mover *movers, size_t n,
                   bool all);

#endif
