// tests/contract/client/session.ts - a caller of both services: logs in, and sends the token with every call.
import createClient, { type Middleware } from "openapi-fetch";
import type { paths as IdentityPaths } from "./identity.js";
import type { paths as RegistryPaths } from "./registry.js";

export type Registry = ReturnType<typeof createClient<RegistryPaths>>;

/** What a call gave, or the reason it was refused as an exception: the main job expects no refusal. */
export function answer<T>(what: string, result: { data?: T; error?: unknown; response: Response }): T {
  if (result.data === undefined) {
    throw new Error(`${what}: ${result.response.status} ${JSON.stringify(result.error)}`);
  }
  return result.data;
}

/** The ETag of an answer, for the next change. */
export function version(result: { response: Response }): string {
  const etag = result.response.headers.get("ETag");
  if (etag === null) {
    throw new Error(`${result.response.url}: no ETag`);
  }
  return etag;
}

export async function signIn(base: string, account: string, password: string): Promise<Registry> {
  const identity = createClient<IdentityPaths>({ baseUrl: `${base}/api/v1/identity` });
  const session = answer("log-in", await identity.POST("/sessions", { body: { account, password } }));
  const bearer: Middleware = {
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${session.access_token}`);
      return request;
    },
  };
  const registry = createClient<RegistryPaths>({ baseUrl: `${base}/api/v1/registry` });
  registry.use(bearer);
  return registry;
}
