// tests/contract/drift.test.mjs - the committed contracts are what the binaries print, and agree with access.csv, which is
// written by hand. Environment: ZEREN_BUILD (build/gcc). Needs no database.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";

const root = resolve(import.meta.dirname ?? new URL(".", import.meta.url).pathname, "../..");
const build = resolve(root, process.env.ZEREN_BUILD ?? "build/gcc");
const services = ["identity", "registry", "monitoring"];
const methods = ["get", "post", "patch"];
const roles = [
  "province_office", "prefecture_office", "county_office", "other_county_office", "town_office", "village_worker",
  "department_office", "inspector", "system_admin", "security_admin", "audit_admin", "integration", "device",
  "monitoring_office", "other_monitoring_office",
];

const committed = (service) => readFileSync(`${root}/proto/${service}.openapi.json`, "utf8");
const printed = (service, option) =>
  execFileSync(`${build}/${service}`, [option], { encoding: "utf8", maxBuffer: 64 << 20, env: {} });

function operations(service) {
  const found = [];
  for (const [path, item] of Object.entries(JSON.parse(committed(service)).paths)) {
    for (const method of methods.filter((name) => name in item)) {
      found.push({ service, path, method: method.toUpperCase(), ...item[method] });
    }
  }
  return found;
}

function access() {
  const [header, ...lines] = readFileSync(`${root}/tests/contract/access.csv`, "utf8").trim().split("\n");
  assert.equal(header, ["service,method,path,permission", ...roles].join(","));
  return lines.map((line) => {
    const [service, method, path, permission, ...cells] = line.split(",");
    return { service, method, path, permission, cells };
  });
}

const name = (o) => `${o.service} ${o.method} ${o.path} ${o.permission ?? o["x-permission"]}`;
const everything = () => services.flatMap(operations);

// What the migrations let the built-in roles use, as a set of "role permission"; what they may only give on opens no route.
function granted() {
  const pairs = new Set();
  const dir = `${root}/services/identity/migrations`;
  for (const name of readdirSync(dir).sort()) {
    const sql = readFileSync(`${dir}/${name}`, "utf8");
    for (const [, rows] of sql.matchAll(/INSERT INTO role_permission \([a-z_, ]+\) VALUES ([^;]+);/g)) {
      for (const [, role, permission] of rows.matchAll(/\('(\w+)', '([a-z_.]+)', true,/g)) pairs.add(`${role} ${permission}`);
    }
    for (const [, columns, seed] of sql.matchAll(/INSERT INTO role_permission \(([a-z_, ]+)\)\s+(SELECT r[^;]+);/g)) {
      const used = !columns.includes("may_use") || /^SELECT r\.role, p\.permission, true,/.test(seed);
      if (!used) continue;
      for (const [, role, permissions] of seed.matchAll(/\('(\w+)', '([a-z_]+\.[a-z_. ]+)'\)/g)) {
        permissions.split(" ").forEach((permission) => pairs.add(`${role} ${permission}`));
      }
      const all = [...seed.matchAll(/\('([a-z_]+\.[a-z_.]+)'\)/g)].map(([, permission]) => permission);
      for (const [, role] of seed.matchAll(/\('(\w+)', (?:true|false)\)/g)) all.forEach((permission) => pairs.add(`${role} ${permission}`));
    }
  }
  return pairs;
}

for (const service of services) {
  test(`${service} prints the contract that is committed`, () => {
    assert.equal(printed(service, "--openapi"), committed(service));
  });
}

test("no two operations of a service have the same id", () => {
  for (const service of services) {
    const ids = operations(service).map((o) => o.operationId);
    assert.deepEqual(ids.filter((id, i) => ids.indexOf(id) !== i), []);
  }
});

test("every route stands in access.csv with its permission, and nothing else does", () => {
  assert.deepEqual(access().map(name).sort(), everything().map(name).sort());
});

test("every cell of access.csv says ok or 403, for all fifteen roles", () => {
  for (const row of access()) {
    assert.equal(row.cells.length, roles.length, name(row));
    assert.deepEqual(row.cells.filter((cell) => cell !== "ok" && cell !== "403"), [], name(row));
  }
});

test("access.csv and the permissions of the roles say the same", () => {
  const pairs = granted();
  assert.ok(pairs.size > 0);
  for (const row of access()) {
    const open = row.permission === "public" || row.permission === "signed_in";
    const expected = roles.map((role) => {
      const seeded = role.replace(/^other_/, "");
      return open || pairs.has(`${seeded} ${row.permission}`) ? "ok" : "403";
    });
    assert.deepEqual(row.cells, expected, name(row));
  }
});

// A token may come from an address that it does not work from, whatever the route; what is public refuses with 401 where it is the log-in itself.
const logIns = ["open_session", "refresh_session", "open_machine_session"];
test("what needs a token can be refused with 401 and 403, what is public needs none", () => {
  for (const o of everything()) {
    const open = o["x-permission"] === "public";
    assert.equal("403" in o.responses, !open, name(o));
    assert.equal("401" in o.responses, !open || logIns.includes(o.operationId), name(o));
    assert.equal(o.security?.length === 0, open, name(o));
  }
});

test("every change of a version takes If-Match and declares 412 and 428", () => {
  for (const o of everything()) {
    const takes = (o.parameters ?? []).some((p) => p.$ref === "#/components/parameters/IfMatch");
    assert.equal("412" in o.responses, takes, name(o));
    assert.equal("428" in o.responses, takes, name(o));
    const bytes = "application/offset+octet-stream" in (o.requestBody?.content ?? {}); // go on where the last ones ended
    assert.ok(o.method !== "PATCH" || takes || bytes, name(o));
  }
});

test("the state tables in proto are those the registry prints", () => {
  assert.ok(readFileSync(`${root}/proto/registry.md`, "utf8").includes(printed("registry", "--states").trim()));
});

test("deploy/env.example lists the settings as they are", () => {
  assert.equal(readFileSync(`${root}/deploy/env.example`, "utf8"), printed("identity", "--env-example"));
});
