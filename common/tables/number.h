/* common/tables/number.h - inside the room: a workbook's number as the text that its reader sees.
 */
#ifndef ZEREN_TABLES_NUMBER_H
#define ZEREN_TABLES_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum number_class { NUMBER_PLAIN, NUMBER_PERCENT, NUMBER_DATE, NUMBER_DATE_TIME, NUMBER_TIME };

/* The class of a format: one that every workbook has (0 to 163), or of a format's code. */
enum number_class number_class_of_id(unsigned id);
enum number_class number_class_of_code(const char *code);

enum { NUMBER_TEXT = 400 };

/* Writes what a cell's <v> says; on a fault its text is what can be shown. Days count from
 * 1900-01-00 with a 29th of February that never was, or from 1904-01-01. Returns NULL or a code. */
const char *number_text(const char *v, enum number_class class, bool from_1904,
                        char out[static NUMBER_TEXT]);

/* A text that a spreadsheet made of a long number ("4.31302E+17"): its last digits are lost. */
bool number_lost_digits(const char *text);

#endif
