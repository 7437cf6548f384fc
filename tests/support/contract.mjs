// tests/support/contract.mjs - the contracts as the services serve them: operations, and which one a request hits.
import { http, services } from './settings.mjs';

async function read(service) {
  const answer = await fetch(`${http}/api/v1/${service}/openapi.json`, { headers: { 'Accept-Encoding': 'identity' } }); // read by every suite
  if (!answer.ok) throw new Error(`the contract of ${service} answers ${answer.status}`);
  return answer.json();
}

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

// "/items/{id}:confirm" as a pattern; a value holds no slash, and no colon unless it ends in its verb.
const pattern = (path) =>
  new RegExp(`^${path.split(/(\{[^}]+\})/).map((part) => (part.startsWith('{') ? '[^/:]+' : escape(part))).join('')}$`);

function operationsOf(service, document) {
  const found = [];
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (!operation.operationId) continue;
      found.push({ service, path, method: method.toUpperCase(), id: operation.operationId, pattern: pattern(path),
        statuses: Object.keys(operation.responses), permission: operation['x-permission'], operation });
    }
  }
  return found;
}

export const documents = Object.fromEntries(
  await Promise.all(Object.keys(services).map(async (service) => [service, await read(service)])),
);
export const operations = Object.entries(documents).flatMap(([service, document]) => operationsOf(service, document));

// What the engine gives every service that asks for it is made to refuse, and kept from others' eyes, at the registry; monitoring has the same routes out of the
// same tables of the engine, and tells of itself by its own.
const again = (o) => o.service === 'monitoring' && operations.some((p) => p.service === 'registry' && p.id === o.id && p.path === o.path);
export const toldOnce = operations.filter((o) => !again(o));

export function operationOf(method, url) {
  const path = new URL(url, http).pathname;
  const wanted = method === 'HEAD' ? 'GET' : method;
  const [, service, rest] = /^\/api\/v1\/([a-z]+)(\/.*)$/.exec(path) ?? [];
  const fitting = operations.filter((o) => o.service === service && o.method === wanted && o.pattern.test(rest));
  return fitting.sort((a, b) => (a.path.match(/\{/g)?.length ?? 0) - (b.path.match(/\{/g)?.length ?? 0))[0];
}

// Parameters with their references resolved.
export function parametersOf(operation) {
  return (operation.operation.parameters ?? []).map((p) =>
    p.$ref ? documents[operation.service].components.parameters[p.$ref.split('/').at(-1)] : p);
}
