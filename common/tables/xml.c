/* common/tables/xml.c - expat over a part of a zip, in blocks, with bounds. Knows no workbook. */
#include "tables/xml.h"

#include <string.h>

#include <expat.h>

#include "core/banned.h"

enum {
    BLOCK = 32 * 1024,
    MAX_DEPTH = 64,
    MAX_TOKEN = 1024 * 1024, /* expat keeps a tag whole */
};

static const char *local(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon == NULL ? name : colon + 1;
}

const char *xml_attribute(const char **attributes, const char *name)
{
    for (; attributes[0] != NULL; attributes += 2) {
        if (strcmp(local(attributes[0]), name) == 0)
            return attributes[1];
    }
    return NULL;
}

void xml_refuse(struct xml *x, const char *code)
{
    if (x->refusal == NULL)
        x->refusal = code;
    XML_StopParser(x->parser, XML_FALSE);
}

void xml_pause(struct xml *x)
{
    if (!x->paused && x->refusal == NULL)
        XML_StopParser(x->parser, XML_TRUE);
    x->paused = true;
}

static void on_start(void *into, const XML_Char *name, const XML_Char **attributes)
{
    struct xml *x = into;
    x->since_event = 0;
    if (++x->depth > MAX_DEPTH)
        xml_refuse(x, "xml_too_deep");
    else if (x->refusal == NULL)
        x->start(x->into, local(name), attributes);
}

static void on_end(void *into, const XML_Char *name)
{
    struct xml *x = into;
    x->since_event = 0;
    x->depth--;
    if (x->refusal == NULL)
        x->end(x->into, local(name));
}

static void on_text(void *into, const XML_Char *bytes, int len)
{
    struct xml *x = into;
    x->since_event = 0;
    if (x->refusal == NULL && x->text != NULL)
        x->text(x->into, bytes, (size_t)len);
}

static void on_other(void *into, const XML_Char *bytes, int len)
{
    (void)bytes;
    (void)len;
    ((struct xml *)into)->since_event = 0;
}

static void on_doctype(void *into, const XML_Char *name, const XML_Char *system,
                       const XML_Char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    xml_refuse(into, "xml_dtd");
}

bool xml_open(struct xml *x, struct source *s, const char *part, struct err *err)
{
    xml_close(x);
    if (!zip_open(s, &x->part, part, err))
        return false;
    x->refusal = NULL;
    x->depth = x->row = 0;
    x->since_event = 0;
    x->paused = x->last = false;
    x->parser = XML_ParserCreate(NULL);
    if (x->parser == NULL)
        return refuse(err, "no_memory", 0);
    XML_SetUserData(x->parser, x);
    XML_SetElementHandler(x->parser, on_start, on_end);
    XML_SetCharacterDataHandler(x->parser, on_text);
    XML_SetDefaultHandler(x->parser, on_other);
    XML_SetStartDoctypeDeclHandler(x->parser, on_doctype);
    return true;
}

static enum xml_step broken(struct xml *x, const char *code, struct err *err)
{
    refuse(err, code, x->refusal == NULL ? 0 : x->row);
    return XML_BROKEN;
}

static enum XML_Status feed(struct xml *x, struct err *err)
{
    void *block = XML_GetBuffer(x->parser, BLOCK);
    if (block == NULL) {
        refuse(err, "no_memory", 0);
        return XML_STATUS_ERROR;
    }
    long n = zip_read(&x->part, block, BLOCK, err);
    if (n < 0)
        return XML_STATUS_ERROR;
    x->since_event += (size_t)n;
    x->last = n == 0;
    return XML_ParseBuffer(x->parser, (int)n, n == 0);
}

enum xml_step xml_run(struct xml *x, struct err *err)
{
    enum XML_Status status = XML_STATUS_OK;
    if (x->paused) {
        x->paused = false;
        status = XML_ResumeParser(x->parser);
    }
    while (status == XML_STATUS_OK && !x->last) {
        if (x->since_event > MAX_TOKEN)
            return broken(x, "xml_oversized", err);
        status = feed(x, err);
    }
    if (x->refusal != NULL)
        return broken(x, x->refusal, err);
    if (err->code != ERR_NONE)
        return XML_BROKEN;
    if (status == XML_STATUS_SUSPENDED)
        return XML_PAUSED;
    if (status != XML_STATUS_OK)
        return broken(
            x, XML_GetErrorCode(x->parser) == XML_ERROR_NO_MEMORY ? "no_memory" : "xml_damaged",
            err);
    return XML_DONE;
}

void xml_close(struct xml *x)
{
    if (x->parser != NULL)
        XML_ParserFree(x->parser);
    x->parser = NULL;
    zip_close(&x->part);
}

bool xml_walk(struct xml *x, struct source *s, const char *part, struct err *err)
{
    if (!xml_open(x, s, part, err))
        return false;
    bool ok = xml_run(x, err) == XML_DONE;
    xml_close(x);
    return ok;
}
