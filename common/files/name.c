/* common/files/name.c - names as headers carry them. */
#include "files/name.h"

#include <string.h>

#include "core/buf.h"
#include "core/str.h"

#include "core/banned.h"

enum { HEADER_MAX = 4096 };

/* U+061C, U+200B to U+200F, U+202A to U+202E, U+2060 to U+206F, U+FEFF, as UTF-8. */
static bool hides(const unsigned char *s)
{
    if (s[0] == 0xd8 && s[1] == 0x9c)
        return true;
    if (s[0] == 0xef && s[1] == 0xbb)
        return s[2] == 0xbf;
    if (s[0] != 0xe2)
        return false;
    if (s[1] == 0x80)
        return (s[2] >= 0x8b && s[2] <= 0x8f) || (s[2] >= 0xaa && s[2] <= 0xae);
    return s[1] == 0x81 && s[2] >= 0xa0 && s[2] <= 0xaf;
}

bool file_name_fits(const char *name)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || *name == '\0')
        return false;
    for (const unsigned char *s = (const unsigned char *)name; *s != '\0'; s++) {
        if (*s < 0x20 || *s == 0x7f || *s == '/' || *s == '\\' || hides(s))
            return false;
    }
    return true;
}

static bool ends_in(const char *name, const char *extension, size_t len)
{
    const char *dot = strrchr(name, '.');
    if (dot == NULL || strlen(dot + 1) != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = dot[1 + i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c) != extension[i])
            return false;
    }
    return true;
}

static const char *with_extension(struct arena *a, const char *name, const char *extensions)
{
    size_t first = strcspn(extensions, " ");
    for (const char *e = extensions; *e != '\0'; e += strspn(e, " ")) {
        size_t len = strcspn(e, " ");
        if (ends_in(name, e, len))
            return name;
        e += len;
    }
    return first == 0 ? name : arena_printf(a, "%s.%.*s", name, (int)first, extensions);
}

/* What a client without RFC 8187 shows: other than ASCII letters, digits and a few signs as _. */
static void put_plain(struct buf *b, const char *name)
{
    static const char kept[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_()[] ";
    for (const unsigned char *s = (const unsigned char *)name; *s != '\0'; s++) {
        if ((*s & 0xc0) == 0x80) /* the rest of a character that was put */
            continue;
        buf_char(b, strchr(kept, *s) != NULL ? (char)*s : '_');
    }
}

const char *file_disposition(struct arena *a, const char *name, const char *extensions)
{
    struct buf b;
    name = with_extension(a, name, extensions);
    if (name == NULL)
        return NULL;
    buf_init(&b, a, HEADER_MAX);
    buf_str(&b, "attachment; filename=\"");
    put_plain(&b, name);
    buf_str(&b, "\"; filename*=UTF-8''");
    buf_url(&b, name);
    return buf_text(&b);
}
