/* services/identity/examples.c - examples of bodies whose fields do not go together as they come,
 * or whose texts are of a list: what the contract shows is what identity takes. */
#include "identity.h"

/* clang-format off */
const struct body_example identity_examples[] = {
    {"find_persons", JSON_TEXT({"citizen_id": "11010519491231002X"})},
    {"create_api_token", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "name": "财政数据夜间同步", "permissions": ["post.read"], "ranges": ["431302000000"],
        "addresses": ["10.1.2.0/24"], "expires_at": "2027-06-30T02:03:04.000005Z"})},
    {"create_role", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "code": "county_reader", "label": "县级查阅人员", "owner_division": "431302000000",
        "permissions": ["duty_list.read", "report.read"], "grantable": [], "personal_data": "hidden"})},
    {"update_role", JSON_TEXT({"label": "县级查阅人员", "permissions": ["duty_list.read", "report.read"], "grantable": [], "personal_data": "hidden"})},
    {"grant_post", JSON_TEXT({"role": "county_office", "ranges": ["431302000000"], "lines": ["agriculture"]})},
    {"create_access_grant", JSON_TEXT({"id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70", "owner_division": "431302000000", "post_id": "019b7a3e-8d52-7c41-9f06-2b8e5d1a4c70",
        "permissions": ["report.read"], "reason": "市级第三轮督查，文件〔2026〕12号", "starts_at": "2027-06-01T02:03:04.000005Z", "ends_at": "2027-06-30T02:03:04.000005Z"})},
    {0}
};
/* clang-format on */
