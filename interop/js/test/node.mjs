// Each vector in Node; what Node's and fetch's headers get; and what misuse is told.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as api from "sealed-session";
import { linear_memory } from "../pkg/core_bg.js";
import { report, run } from "./vectors.mjs";

const { SessionError, Sessions } = api;
const key = () => randomBytes(32).toString("base64");
const make = (options = {}) => new Sessions({ keys: `1:${key()}`, initial: { visits: 0 }, ...options });
const cookieOf = (headers) => headers.getSetCookie().map((line) => line.split(";")[0]).filter((pair) => !pair.endsWith("=")).join("; ");

test("every vector", () => {
  report("node", run(api, JSON.parse(readFileSync(new URL("../../../tests/vectors/v1.json", import.meta.url), "utf8"))));
});

test("a visitor signs in, comes back, and signs out", async () => {
  const sessions = make();
  const login = await sessions.handle(new Request("https://shop.example/login"), (session) => {
    session.renew();
    session.write((data) => void (data.visits += 1));
    return new Response("welcome", { headers: { "cache-control": "public, max-age=60", "cdn-cache-control": "max-age=60" } });
  });
  assert.equal(login.headers.get("cache-control"), "no-store");
  assert.equal(login.headers.get("cdn-cache-control"), null);
  assert.equal(login.headers.get("vary"), "cookie");
  const cookie = cookieOf(login.headers);
  const request = new Request("https://shop.example/", { headers: { cookie } });
  const page = await sessions.handle(request, (session) => {
    assert.deepEqual(session.read(), { visits: 1 });
    assert.equal(session.authenticatedWithin(60), true);
    session.verifyCsrf(session.csrfToken());
    assert.throws(() => session.verifyCsrf("x"), { code: "csrf" });
    return new Response("page");
  });
  assert.deepEqual(page.headers.getSetCookie(), []);
  const out = await sessions.handle(request, (session) => {
    session.destroy();
    return new Response("bye");
  });
  const ended = out.headers.getSetCookie();
  assert.equal(ended.some((line) => line.startsWith("__Host-session=;") && line.includes("Max-Age=0")), true);
  // The copy that a late response set again is dead beside the tombstone.
  const late = sessions.load([`${cookie}; ${cookieOf(out.headers)}`]);
  assert.equal(late.refusal.code, "ended");
  assert.deepEqual(late.read(), { visits: 0 });
  late.free();
});

test("text of any length and alphabet comes back", () => {
  const sessions = make();
  for (const letter of ["x", "ß", "語", "🦀"]) {
    for (let length = 0; length < 200; length += 1) {
      for (const data of [letter.repeat(length), "x".repeat(length) + letter, letter + "x".repeat(length)]) {
        assert.equal(sessions.unseal(sessions.seal(data)).data, data);
      }
    }
  }
});

test("what is told of a session is its own, in a memory that grows too", () => {
  const sessions = make({ persistent: true, absoluteTimeout: 3600, revokeIf: (_, info) => (seen.push(info), false) });
  const seen = [];
  const values = [1_700_000_000, 1_700_000_100].map((seconds) => [seconds, sessions.seal(0, { now: seconds * 1000 })]);
  const held = [];
  const bytes = () => linear_memory().buffer.byteLength;
  for (const before = bytes(); bytes() === before; ) {
    for (const [seconds, value] of values) {
      const { data, id, family, ...told } = sessions.unseal(value, { now: seconds * 1000 });
      const [createdAt, expiresAt] = [new Date(seconds * 1000), new Date((seconds + 3600) * 1000)];
      const expected = { createdAt, issuedAt: createdAt, authenticatedAt: createdAt, expiresAt, keyId: 1, isPersistent: true, isResealDue: false };
      assert.deepEqual([data, told], [0, expected]);
      assert.match(id, /^[0-9a-f]{32}$/);
      assert.equal(family, id.slice(0, 16));
      assert.deepEqual(seen.pop(), { id, family, createdAt, issuedAt: createdAt, expiresAt });
    }
    const session = sessions.load("");
    session.write("x".repeat(2000));
    held.push(session);
  }
  const anonymous = sessions.load("");
  assert.equal(anonymous.facts, undefined);
  const old = sessions.load(`__Host-session=${values[0][1]}`, { now: 1_700_000_001_000 });
  assert.equal(old.facts.keyId, 1);
  anonymous.renew();
  assert.equal(anonymous.facts.keyId, undefined);
  for (const each of [...held, anonymous, old]) each.free();
});

test("another key opens nothing, a ring with both opens all, and the ring can be replaced", () => {
  const [old, fresh] = [key(), key()];
  const sessions = new Sessions({ keys: `1:${old}`, initial: null });
  const value = sessions.seal("kept");
  sessions.replaceKeys(`2:${fresh},1:${old}`);
  assert.equal(sessions.unseal(value).data, "kept");
  assert.equal(sessions.unseal(sessions.seal("new")).keyId, 2);
  const later = new Date(Date.now() + 2 * 3600 * 1000);
  assert.equal(sessions.unseal(sessions.reseal(value, { now: later }), { now: later }).keyId, 2);
  assert.throws(() => sessions.replaceKeys("nonsense"), { code: "config" });
  sessions.replaceKeys(`2:${fresh}`);
  assert.throws(() => sessions.unseal(value), { name: "SessionError", code: "unknown_key" });
});

test("bytes of a ring are wiped, and no error shows a key", () => {
  const text = `1:${key()}`;
  const keys = new TextEncoder().encode(text);
  const sessions = new Sessions({ keys, initial: null });
  assert.equal(keys.every((byte) => byte === 0), true);
  assert.equal(JSON.stringify(sessions.keys()).includes(text.slice(2)), false);
  const wrong = key().slice(1);
  assert.throws(() => make({ keys: `1:${wrong}` }), (error) => error.code === "config" && !error.message.includes(wrong));
});

test("a ring in JSON is read as it is in Rust: with escapes, and without twins or control characters", () => {
  const plain = `${"/+".repeat(10)}${key().slice(20)}`;
  const ring = (text, more = "") => `{ "keys" : [ {"id":1,"key":"${text}"${more}} ], "no_takeover":null }`;
  const sessions = new Sessions({ keys: ring(plain), initial: null });
  const escaped = plain.replaceAll("/", "\\/").replace("+", "\\u002b");
  assert.equal(new Sessions({ keys: ring(escaped), initial: null }).unseal(sessions.seal(7)).data, 7);
  const wrong = [ring(plain, `,"key":"${plain}"`), ring(`${plain}\n`), ring(plain, `,"not_after":7`), ring(plain).replace("1,", "1.5,"), ring(plain).replace("1,", "-0,"), `${ring(plain)} x`, "[]", "{", "[{]", '{"keys":"\ud83d"}', `["${plain}"]`];
  for (const keys of wrong) {
    assert.throws(() => make({ keys }), (error) => error.code === "config" && !error.message.includes(plain), keys);
  }
});

test("what the application has set stays, but for what lets a cache keep the page", () => {
  const sessions = make();
  const headers = new Headers([
    ["Set-Cookie", "theme=dark; Path=/"],
    ["Set-Cookie", "__Host-session=old; Path=/; Secure"],
    ["Vary", "accept"],
    ["ETag", "1"],
    ["Expires", "0"],
  ]);
  const session = sessions.load(["theme=dark", "lang=en"]);
  session.write({ visits: 1 });
  session.commit(headers);
  const [theme, ours, ...others] = headers.getSetCookie();
  assert.equal(theme, "theme=dark; Path=/");
  assert.match(ours, /^__Host-session=[\w-]{100,}; HttpOnly; SameSite=Lax; Secure; Path=\/; Max-Age=1209600$/);
  assert.deepEqual(others, []);
  assert.deepEqual([headers.get("vary"), headers.get("etag"), headers.get("expires")], ["accept, cookie", "1", null]);
});

test("data that others could not read is an error when it is written, and nothing changes", () => {
  const sessions = make();
  const session = sessions.load([]);
  for (const data of [{ a: "\ud83d" }, undefined, () => 7 && undefined, { text: "x".repeat(5000) }]) {
    assert.throws(() => session.write(data === undefined ? undefined : typeof data === "function" ? () => ({ text: "x".repeat(9000) }) : data), SessionError);
  }
  assert.equal(session.isNew, true);
  session.free();
  let deep = 1;
  for (let level = 0; level < 128; level += 1) deep = [deep];
  assert.throws(() => sessions.seal(deep), { code: "payload" });
  assert.deepEqual(sessions.unseal(sessions.seal(deep[0])).data, deep[0]);
  const numbers = [1.7976931348623157e308, 5e-324, -0.5, 1e21, "\ud83d\ude00", '\\"\u0001', { "": [{}, []] }];
  assert.deepEqual(sessions.unseal(sessions.seal(numbers)).data, numbers);
  assert.throws(() => sessions.seal({ text: "x".repeat(4096) }), { code: "too_large" });
});

test("a type of the caller's judges what comes and what is written", () => {
  const keys = `1:${key()}`;
  const parse = (json) => {
    if (typeof json?.user !== "string") throw new TypeError("no user");
    return { theme: "light", ...json };
  };
  const typed = new Sessions({ keys, initial: { user: "guest" }, parse });
  const any = new Sessions({ keys, initial: null });
  assert.deepEqual(typed.unseal(any.seal({ user: "ada" })).data, { theme: "light", user: "ada" });
  assert.throws(() => typed.unseal(any.seal({ user: 7 })), { code: "payload" });
  assert.throws(() => typed.seal({ user: 7 }), { code: "payload" });
});

test("a session is revoked by the caller's function, also by one that throws", () => {
  const keys = `1:${key()}`;
  const banned = new Set();
  const sessions = new Sessions({
    keys,
    initial: null,
    revokeIf: (user, { family, issuedAt }) => {
      if (user === "broken") throw new Error("the database is gone");
      return family.length === 16 && issuedAt instanceof Date && banned.has(user);
    },
  });
  const [ada, broken] = [sessions.seal("ada"), new Sessions({ keys, initial: null }).seal("broken")];
  assert.equal(sessions.unseal(ada).data, "ada");
  banned.add("ada");
  for (const value of [ada, broken]) assert.throws(() => sessions.unseal(value), { code: "revoked" });
});

test("misuse is told", () => {
  assert.throws(() => make({ keys: undefined }), /process\.env\.SESSION_KEYS/);
  assert.throws(() => make({ cookieNam: "x" }), /unknown option `cookieNam`/);
  const until = new Date(NaN);
  for (const wrong of [
    { idleTimeout: 0 }, { idleTimeout: 1.5 }, { idleTimeout: "1" }, { cookieName: 7 }, { sameSite: "loose" }, { partitioned: "no" },
    { formerNames: [{ name: "before", until }] }, { formerAudiences: [{ audience: null, until }] }, { toString: "x" },
  ]) {
    assert.throws(() => make(wrong), { code: "config" }, JSON.stringify(wrong));
  }
  make({ path: undefined, audience: "now", formerAudiences: [{ audience: null, until: new Date() }, { audience: "a b", until: new Date() }] });
  const session = make().load(null);
  session.commit(new Headers());
  assert.throws(() => session.read(), { code: "committed" });
});
