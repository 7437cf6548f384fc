/* common/tables/xml.h - inside the room: a part of an xlsx as events, which can be paused. Document
 * types are refused, so there are no entities but XML's five; names come without their prefix. */
#ifndef ZEREN_TABLES_XML_H
#define ZEREN_TABLES_XML_H

#include "tables/zip.h"

struct XML_ParserStruct;

struct xml {
    struct zip_part part;
    struct XML_ParserStruct *parser; /* NULL while closed */
    void *into;
    void (*start)(void *into, const char *name, const char **attributes);
    void (*end)(void *into, const char *name);
    void (*text)(void *into, const char *bytes, size_t len); /* or NULL */
    const char *refusal;                                     /* of a handler */
    unsigned row;                                            /* for its message, 0: none */
    unsigned depth;
    size_t since_event; /* bytes */
    bool paused, last;
};

/* Opens a part; handlers and `into` are set by the caller. False without err: no such part. */
bool xml_open(struct xml *x, struct source *s, const char *part, struct err *err);

enum xml_step { XML_PAUSED, XML_DONE, XML_BROKEN };

/* Goes on until a handler pauses, the part ends, or something is refused (with err). */
enum xml_step xml_run(struct xml *x, struct err *err);

/* From a handler: xml_run() returns behind this event. */
void xml_pause(struct xml *x);
/* From a handler: the whole file is refused. */
void xml_refuse(struct xml *x, const char *code);

void xml_close(struct xml *x);

/* The value of an attribute by its name without prefix, or NULL. */
const char *xml_attribute(const char **attributes, const char *name);

/* Opens, runs to the end and closes. False without err: no such part. */
bool xml_walk(struct xml *x, struct source *s, const char *part, struct err *err);

#endif
