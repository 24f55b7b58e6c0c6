// A browser's way through the Worker: sign in, read, write, forged requests, a second key, age, a panic, sign-out.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "../../interop/js/node_modules/esbuild/lib/main.js";

import { withWorkerd } from "../../interop/js/test/workerd.mjs";

// What the guide shows of the Worker stands in it, line for line and in this order.
const text = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const [, shown] = text("../../docs/guide/edge.md").match(/^```rust,ignore\n(#\[event.*?)^```$/ms);
const source = text("src/lib.rs").split("\n");
for (const line of shown.split("\n")) {
  const at = source.indexOf(line);
  assert.ok(at >= 0, `docs/guide/edge.md shows a line that the Worker does not have: ${line}`);
  source.splice(0, at + 1);
}

const folder = fileURLToPath(new URL("pkg", import.meta.url));
await build({
  entryPoints: [`${folder}/shim.mjs`],
  outfile: `${folder}/index.js`,
  bundle: true,
  format: "esm",
  external: ["*.wasm", "cloudflare:*", "node:*"],
});

const key = () => randomBytes(32).toString("base64");

/** As much of a browser as this needs. */
class Browser {
  cookies = new Map();

  async go(base, path, fields) {
    const cookie = [...this.cookies].map((pair) => pair.join("=")).join("; ");
    const options = fields
      ? { method: "POST", body: new URLSearchParams(fields), redirect: "manual" }
      : { redirect: "manual" };
    const response = await fetch(base + path, { ...options, headers: { ...(cookie ? { cookie } : {}) } });
    const set = response.headers.getSetCookie();
    for (const line of set) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value === "") this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return { status: response.status, text: await response.text(), set, cache: response.headers.get("cache-control") };
  }

  get session() {
    return this.cookies.get("__Host-session");
  }

  /** The key id that the session's value carries in its clear head. */
  get keyId() {
    return Buffer.from(this.session, "base64url").readUInt32BE(1);
  }
}

const run = (ring, work, idle = "3600") =>
  withWorkerd(
    {
      folder,
      modules: [["index.js", "esModule"], ["worker_bg.wasm", "wasm"]],
      bindings: `(name = "SESSION_KEYS", text = "${ring}"), (name = "IDLE_SECONDS", text = "${idle}")`,
    },
    work,
  );

const [old, fresh] = [key(), key()];
const ada = new Browser();

await run(`1:${old}`, async (base) => {
  assert.equal((await ada.go(base, "/")).text, "guest: ");
  assert.equal((await ada.go(base, "/note", { csrf: "", text: "x" })).status, 401);
  const page = await ada.go(base, "/login");
  assert.equal(page.cache, "no-store");
  assert.equal((await ada.go(base, "/login", { csrf: "forged", user: "mallory" })).status, 403);
  assert.equal((await ada.go(base, "/login", { csrf: page.text, user: "ada" })).status, 303);
  assert.equal((await ada.go(base, "/")).text, "ada: ");
  // The token of before the sign-in is dead.
  assert.equal((await ada.go(base, "/note", { csrf: page.text, text: "forged" })).status, 403);
  const csrf = (await ada.go(base, "/login")).text;
  assert.equal((await ada.go(base, "/note", { csrf, text: "milk & 密码" })).status, 303);
  const read = await ada.go(base, "/");
  assert.equal(read.text, "ada: milk & 密码");
  assert.deepEqual([read.set, read.cache], [[], "private"]);
  assert.equal(ada.keyId, 1);

  // A panic saves nothing, and takes neither the visitor nor the Worker with it.
  const failed = await ada.go(base, "/panic");
  assert.deepEqual([failed.status, failed.set], [500, []]);
  assert.equal((await ada.go(base, "/")).text, "ada: milk & 密码");
});

// A second key in front: nobody is signed out, what is written goes under it, and then the old may go.
await run(`2:${fresh},1:${old}`, async (base) => {
  assert.equal((await ada.go(base, "/")).text, "ada: milk & 密码");
  const csrf = (await ada.go(base, "/login")).text;
  assert.equal((await ada.go(base, "/note", { csrf, text: "bread" })).status, 303);
  assert.equal(ada.keyId, 2);
});

// Six seconds of idle time: what is older than half of it is sealed again by whoever only reads, and lives on.
await run(`2:${fresh}`, async (base) => {
  const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
  const csrf = (await ada.go(base, "/login")).text;
  assert.equal((await ada.go(base, "/note", { csrf, text: "bread" })).status, 303);
  const written = ada.session;
  assert.deepEqual((await ada.go(base, "/")).set, []);
  await pause(4);
  assert.equal((await ada.go(base, "/")).text, "ada: bread");
  assert.notEqual(ada.session, written);
  await pause(4);
  // The value of then has ended by now, and the one in its place has not.
  assert.equal((await ada.go(base, "/")).text, "ada: bread");
  const copy = new Browser();
  copy.cookies.set("__Host-session", written);
  assert.equal((await copy.go(base, "/")).text, "guest: ");

  const late = ada.session;
  assert.equal((await ada.go(base, "/logout", { csrf: "" })).status, 403);
  const token = (await ada.go(base, "/login")).text;
  assert.equal((await ada.go(base, "/logout", { csrf: token })).status, 303);
  assert.equal(ada.session, undefined);
  // A response that was under way sets the cookie again: it is dead beside the tombstone.
  ada.cookies.set("__Host-session", late);
  assert.equal((await ada.go(base, "/")).text, "guest: ");
}, "6");

await run(`3:${key()}`, async (base) => {
  const other = new Browser();
  other.cookies.set("__Host-session", ada.session);
  assert.equal((await other.go(base, "/")).text, "guest: ");
});
console.log("1 passed, 0 failed");
