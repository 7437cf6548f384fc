/* tests/sync/client/zeren_device.c - a device at the command line: the example of how device.h is
 * used. Settings come by the environment; the last word is said on standard output, as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "device.h"

static const char usage[] =
    "usage: zeren-device COMMAND\n"
    "  pull                                 bring the copy up to date\n"
    "  push                                 bring what is queued\n"
    "  do KIND OPERATION TARGET BODY        queue an operation (TARGET - : none)\n"
    "  set KIND OPERATION ID MEMBER VALUE…  queue a change of members (VALUE is JSON)\n"
    "  show KIND [ID]                       what the copy has, with what is queued\n"
    "  status                               how many of what\n"
    "  refused [forget]                     what the server refused, and why\n"
    "  conflicts                            open conflicts\n"
    "  settle ID mine|theirs                choose a side\n"
    "environment: ZEREN_DEVICE_STORE (a file), ZEREN_DEVICE_URL (of a service, with /api/v1/…),\n"
    "  ZEREN_DEVICE_TOKEN_COMMAND (a command that prints an access token), ZEREN_DEVICE_CA (a "
    "file)\n";

/* A token is asked for anew each time: what keeps it (a keyring, a file) is the command's matter.
 */
static bool token_of_command(void *command, bool stale, char *into, size_t size)
{
    (void)stale;
    FILE *f = popen(command, "r");
    if (f == NULL)
        return false;
    bool got = fgets(into, (int)size, f) != NULL;
    into[got ? strcspn(into, "\r\n") : 0] = '\0';
    return pclose(f) == 0 && got && into[0] != '\0';
}

static int say(json_t *what)
{
    char *text = json_dumps(what, JSON_INDENT(2));
    puts(text == NULL ? "null" : text);
    free(text);
    json_decref(what);
    return 0;
}

static int end_with(struct device *d, enum device_end end)
{
    static const char *const words[] = {"done", "later", "differs", "refused", "broken"};
    say(json_pack("{s:s, s:s?}", "end", words[end], "why",
                  end == DEVICE_DONE ? NULL : device_why(d)));
    return end == DEVICE_DONE ? 0 : end == DEVICE_LATER ? 3 : 1;
}

static int queue(struct device *d, char **word)
{
    char id[DEVICE_UUID];
    json_t *body = json_loads(word[3], 0, NULL);
    const char *target = strcmp(word[2], "-") == 0 ? NULL : word[2];
    bool ok = body != NULL && device_queue(d, word[0], word[1], target, body, id);
    json_decref(body);
    return ok ? say(json_pack("{s:s}", "op_id", id)) : 1;
}

static int change(struct device *d, int n, char **word)
{
    char id[DEVICE_UUID];
    json_t *body = json_object();
    for (int i = 3; i + 1 < n; i += 2)
        json_object_set_new(body, word[i], json_loads(word[i + 1], JSON_DECODE_ANY, NULL));
    bool ok = device_change(d, word[0], word[1], word[2], body, id);
    json_decref(body);
    return ok ? say(json_pack("{s:s}", "op_id", id)) : 1;
}

static int conflicts(struct device *d)
{
    json_t *all;
    enum device_end end = device_conflicts(d, &all);
    return end == DEVICE_DONE ? say(all) : end_with(d, end);
}

static int settle(struct device *d, const char *id, const char *take)
{
    size_t i;
    json_t *all, *one;
    char key[DEVICE_UUID];
    enum device_end end = device_conflicts(d, &all);
    if (end != DEVICE_DONE)
        return end_with(d, end);
    device_new_id(key);
    end = DEVICE_REFUSED;
    json_array_foreach(all, i, one)
    {
        if (strcmp(json_string_value(json_object_get(one, "id")), id) == 0)
            end = device_settle(d, one, take, key);
    }
    json_decref(all);
    return end_with(d, end);
}

static int run(struct device *d, const char *command, int n, char **word)
{
    if (strcmp(command, "pull") == 0)
        return end_with(d, device_pull(d, NULL));
    if (strcmp(command, "push") == 0)
        return end_with(d, device_push(d));
    if (strcmp(command, "do") == 0 && n == 4)
        return queue(d, word);
    if (strcmp(command, "set") == 0 && n >= 5)
        return change(d, n, word);
    if (strcmp(command, "show") == 0 && n >= 1)
        return say(n == 1 ? device_copy(d, word[0]) : device_record(d, word[0], word[1]));
    if (strcmp(command, "status") == 0)
        return say(device_status(d));
    if (strcmp(command, "refused") == 0)
        return say(device_refused(d, n == 1));
    if (strcmp(command, "conflicts") == 0)
        return conflicts(d);
    if (strcmp(command, "settle") == 0 && n == 2)
        return settle(d, word[0], word[1]);
    fputs(usage, stderr);
    return 2;
}

int main(int argc, char **argv)
{
    const struct device_setup setup = {.store = getenv("ZEREN_DEVICE_STORE"),
                                       .url = getenv("ZEREN_DEVICE_URL"),
                                       .ca = getenv("ZEREN_DEVICE_CA"),
                                       .token = token_of_command,
                                       .context = getenv("ZEREN_DEVICE_TOKEN_COMMAND")};
    if (argc < 2 || setup.store == NULL || setup.url == NULL || setup.context == NULL) {
        fputs(usage, stderr);
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct device *d = device_open(&setup);
    if (d == NULL) {
        fprintf(stderr, "zeren-device: cannot open %s\n", setup.store);
        return 1;
    }
    int status = run(d, argv[1], argc - 2, argv + 2);
    device_close(d);
    curl_global_cleanup();
    return status;
}
