// A real OpenID provider (npm's oidc-provider) on loopback, with its own pages for signing in.
//   node openid_provider.mjs <node_modules> '<json: port, client, accounts>'
// An account signs in by its key in `accounts` and any password; the rest of it are its claims.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [, , modules, given] = process.argv;
const { port, client, accounts } = JSON.parse(given);
const { default: Provider } = await import(pathToFileURL(join(modules, "oidc-provider", "lib", "index.js")));

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  pkce: { required: () => true },
  findAccount: (_, id) => accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
});
provider.listen(port, "127.0.0.1", () => console.log("listening"));
