/* services/identity/device.c - devices that accounts register, so that their sessions outlast a
 * month without signal. Does not open sessions for them: log_in.c. */
#include "identity.h"
#include "others.h"
#include "sql_identity.h"

/* clang-format off */
static const struct field device_fields[] = {
    F_UUID("id", IN_PATH | IN_BODY | SHOWN, "Id of the device; may come from the client."),
    F_UUID("account_id", IN_QUERY | SHOWN, "The account; as a filter another than the own one for those who may revoke its devices."),
    F_TEXT("name", IN_BODY | REQUIRED | SHOWN, 1, 80, "What its owner calls it.", "驻村工作队平板"),
    F_INSTANT("registered_at", SHOWN, "When it was registered."),
    F_INSTANT("last_used_at", SHOWN | NULLABLE, "When one of its sessions was opened or refreshed last."),
    F_INSTANT("revoked_at", SHOWN | NULLABLE, "When it was revoked."),
    F_TEXT("reason", IN_BODY, 1, 500, "Why another account's device is revoked; kept in the audit log.", "终端遗失"),
    F_VERSION(),
    FIELDS_END
};

static handler device_page, device_register, device_one, device_revoke;

const struct route device_routes[] = {
    {METHOD_GET,  "/devices",            PERM_SIGNED_IN, device_fields, &SQL_device_list,   device_page,   "list_devices", "The own devices; with session.end another account's"},
    {METHOD_POST, "/devices",            PERM_SIGNED_IN, device_fields, &SQL_device_insert, device_register, "create_device", "Register a device: its sessions run for a month", .location = "/devices/"},
    {METHOD_GET,  "/devices/:id",        PERM_SIGNED_IN, device_fields, &SQL_device_get,    device_one,    "get_device", "One device"},
    {METHOD_POST, "/devices/:id:revoke", PERM_SIGNED_IN, device_fields, &SQL_device_revoke, device_revoke, "revoke_device", "Revoke a device; or another account's, with session.end and a reason: its tokens are refused within a second", .also = "reason", .status = 200},
    ROUTES_END
};
/* clang-format on */

static bool device_page(struct request *rq)
{
    return others_filter(rq) && read_page(rq);
}

static bool device_register(struct request *rq)
{
    if (rq->principal.api_token)
        return fail(rq, ERR_FORBIDDEN, NULL, "An API token registers no device.");
    return write_one(rq);
}

static bool device_one(struct request *rq)
{
    return others_bind(rq) && read_one(rq);
}

static bool device_revoke(struct request *rq)
{
    struct rows *rows = NULL;
    return others_bind(rq) && db_begin(rq) && db_rows(rq, &SQL_device_hold, &rows) &&
           others_end(rq, &SQL_device_owner, &SQL_device_get);
}
