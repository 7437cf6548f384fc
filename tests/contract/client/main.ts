// tests/contract/client/main.ts - the main job through a client made from the contracts: log in and go on, divisions, list, tasks,
// items, approve, file, bring in force, report, confirm, what is late, and a script's reading with an API token of its own. Environment: ZEREN_URL, ZEREN_PASSWORD (of the
// demonstration accounts). Prints one line a step; stops at the first refusal.
import { answer, refresh, signIn, version, withToken, type Caller, type Registry } from "./session.js";

declare const process: { env: Record<string, string | undefined> };

const COUNTY = "431302000000";
const UNIT = "娄星区农业农村局"; // the demonstration department_office acts for it

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`${name} is not set`);
  }
  return value;
}

const key = (): { "Idempotency-Key": string } => ({ "Idempotency-Key": crypto.randomUUID() });

async function unitId(registry: Registry): Promise<string> {
  const query = { division: COUNTY, name_prefix: UNIT };
  const page = answer("organisations", await registry.GET("/organisations", { params: { query } }));
  const unit = page.items.find((organisation) => organisation.name === UNIT);
  if (unit === undefined) {
    throw new Error(`${UNIT} is not registered`);
  }
  return unit.id;
}

/** A year that no demonstration list is for, so that none in force is superseded. */
const year = 2100 + Math.floor(Math.random() * 100);

async function draft(registry: Registry, lead: string) {
  const created = await registry.POST("/duty_lists", {
    params: { header: key() },
    body: { owner_division: COUNTY, year, title: `娄星区${year}年乡村振兴责任清单`, assumed: true },
  });
  const list = answer("list", created);
  const task = answer("task", await registry.POST("/tasks", {
    params: { header: key() },
    body: { duty_list_id: list.id, number: "01", title: "新建改建农村供水工程" },
  }));
  const item = answer("item by value", await registry.POST("/items", {
    params: { header: key() },
    body: {
      task_id: task.id, title: "完成供水工程改造", lead_organisation_id: lead, starts_on: "2026-01-05", due_on: "2026-03-31",
      measure: "value", target: "14", unit_of_measure: "处",
    },
  }));
  return { list, item, etag: version(created) };
}

async function bringInForce(registry: Registry, id: string, etag: string): Promise<void> {
  const path = { id };
  const approved = await registry.POST("/duty_lists/{id}:approve", { params: { path, header: { "If-Match": etag } } });
  answer("approve", approved);
  const filed = await registry.POST("/duty_lists/{id}:file", { params: { path, header: { "If-Match": version(approved) } } });
  answer("file", filed);
  const header = { "If-Match": version(filed) };
  const forced = answer("bring in force", await registry.POST("/duty_lists/{id}:bring_into_force", { params: { path, header } }));
  if (forced.status !== "in_force") {
    throw new Error(`the list is ${forced.status}`);
  }
}

async function report(unit: Registry, office: Registry, item: string): Promise<void> {
  const submitted = await unit.POST("/items/{item_id}/reports", {
    params: { path: { item_id: item }, header: key() },
    body: { value: "11", note: "三处已通水" },
  });
  const { id } = answer("report", submitted);
  const header = { "If-Match": version(submitted) };
  const confirmed = answer("confirm", await office.POST("/reports/{id}:confirm", {
    params: { path: { id }, header },
    body: { decision_note: "数据与台账一致" },
  }));
  if (confirmed.status !== "confirmed" || confirmed.value !== "11") {
    throw new Error(`the report is ${confirmed.status} at ${confirmed.value}`);
  }
}

async function late(registry: Registry, list: string, item: string): Promise<void> {
  const query = { duty_list_id: list, as_of: "2026-06-30", limit: 500 };
  const page = answer("overdue items", await registry.GET("/overdue_items", { params: { query } }));
  const found = page.items.find((entry) => entry.id === item);
  if (found === undefined || found.late_work_days < 1) {
    throw new Error("the item due on 2026-03-31 is not late on 2026-06-30");
  }
  console.log(`late: ${found.title}, ${found.lead_organisation ?? "?"}, ${found.late_work_days} work days, ${found.completion} %`);
}

/** A script's token: it reads lists, and is refused where it was given nothing, and everywhere once it is revoked. */
async function script(base: string, owner: Caller, list: string): Promise<void> {
  const made = answer("API token", await owner.identity.POST("/api_tokens", {
    params: { header: key() },
    body: { name: `夜间同步 ${year}`, permissions: ["duty_list.read"], ranges: [COUNTY], expires_at: new Date(Date.now() + 3_600_000).toISOString() },
  }));
  if (typeof made.token !== "string") {
    throw new Error("the token is not shown");
  }
  const { registry } = withToken(base, made.token);
  const read = () => registry.GET("/duty_lists/{id}", { params: { path: { id: list } } });
  answer("list by API token", await read());
  const { response } = await registry.GET("/organisations");
  if (response.status !== 403) {
    throw new Error(`organisations by API token: ${response.status}`);
  }
  answer("revoke", await owner.identity.POST("/api_tokens/{id}:revoke", { params: { path: { id: made.id }, header: key() }, body: {} }));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const after = await read();
  if (after.response.status !== 401) {
    throw new Error(`list by a revoked API token: ${after.response.status}`);
  }
  console.log(`script: ${made.name} read, was refused, was revoked`);
}

async function main(): Promise<void> {
  const base = setting("ZEREN_URL");
  const owner = await refresh(base, await signIn(base, "county_office", setting("ZEREN_PASSWORD")));
  const office = owner.registry;
  const unit = (await signIn(base, "department_office", setting("ZEREN_PASSWORD"))).registry;
  const query = { parent_code: COUNTY };
  const towns = answer("divisions", await office.GET("/divisions", { params: { query } }));
  console.log(`towns: ${towns.items.length}`);
  const { list, item, etag } = await draft(office, await unitId(office));
  console.log(`list: ${list.title}, edition ${list.edition}`);
  await bringInForce(office, list.id, etag);
  await report(unit, office, item.id);
  await late(office, list.id, item.id);
  await script(base, owner, list.id);
}

await main();
