// tests/contract/client/session.ts - a caller of both services: logs in, goes on with the refresh token, makes an API token, and sends a token with every call.
import createClient, { type Middleware } from "openapi-fetch";
import type { paths as IdentityPaths } from "./identity.js";
import type { paths as RegistryPaths } from "./registry.js";

export type Registry = ReturnType<typeof createClient<RegistryPaths>>;
export type Identity = ReturnType<typeof createClient<IdentityPaths>>;

/** Both services, as one caller. */
export interface Caller {
  registry: Registry;
  identity: Identity;
  refreshToken?: string | undefined;
}

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

/** A busy service has done nothing, and says in how many seconds to come again. */
async function patient(request: Request): Promise<Response> {
  for (let tries = 1; ; tries++) {
    const response = await fetch(request.clone());
    if (response.status !== 503 || tries === 20) {
      return response;
    }
    const seconds = Number(response.headers.get("Retry-After") ?? 1);
    await new Promise<void>((resolve) => setTimeout(resolve, 1000 * seconds));
  }
}

export function withToken(base: string, token: string): Caller {
  const bearer: Middleware = {
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${token}`);
      return request;
    },
  };
  const registry = createClient<RegistryPaths>({ baseUrl: `${base}/api/v1/registry`, fetch: patient });
  const identity = createClient<IdentityPaths>({ baseUrl: `${base}/api/v1/identity`, fetch: patient });
  registry.use(bearer);
  identity.use(bearer);
  return { registry, identity };
}

const nobody = (base: string) => createClient<IdentityPaths>({ baseUrl: `${base}/api/v1/identity`, fetch: patient });

export async function signIn(base: string, account: string, password: string): Promise<Caller> {
  const session = answer("log-in", await nobody(base).POST("/sessions", { body: { account, password } }));
  return { ...withToken(base, session.access_token), refreshToken: session.refresh_token };
}

/** The session goes on: another access token, another refresh token. */
export async function refresh(base: string, caller: Caller): Promise<Caller> {
  const { refreshToken } = caller;
  if (refreshToken === undefined) {
    throw new Error("there is no refresh token");
  }
  const session = answer("refresh", await nobody(base).POST("/sessions:refresh", { body: { refresh_token: refreshToken } }));
  if (session.refresh_token === refreshToken) {
    throw new Error("the refresh token is the one before");
  }
  return { ...withToken(base, session.access_token), refreshToken: session.refresh_token };
}
