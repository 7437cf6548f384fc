/* common/files/name.h - names that people give to files: which are taken, and how one leaves in a
 * header. No name ever becomes a path here. */
#ifndef ZEREN_FILES_NAME_H
#define ZEREN_FILES_NAME_H

#include <stdbool.h>

#include "core/arena.h"

/* No separator of paths, no control and no mark that turns the direction of text (which lets
 * "exe.pdf" read as "fdp.exe"), neither "." nor ".."; valid UTF-8 is asserted by the decoder. */
bool file_name_fits(const char *name);

/* `attachment; filename="…"; filename*=UTF-8''…` (RFC 6266, RFC 8187). `extensions`: those of the
 * file's type, "jpg jpeg"; a name that ends in none of them gets the first behind its own. NULL
 * when out of memory. */
const char *file_disposition(struct arena *a, const char *name, const char *extensions);

#endif
