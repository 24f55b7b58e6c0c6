// Prints vectors that the real packages make, with what both answer: tests/vectors/iron-session-2.json.
// Each run draws new salts.
//   node vectors.mjs > ../../tests/vectors/iron-session-2.json
import * as eight from "iron-session8";
import * as nine from "iron-session9";
import * as crypto from "node:crypto";

const password = "Gbm49ATjnqnkCCCdhV4uDBhbfnPqsCW0";
const packages = { "iron-session 8.0.4": eight, "iron-session 9.0.1": nine };
// Values that expire are made and judged at this time.
const now = Date.UTC(2026, 11, 1);

async function at(time, work) {
  const real = Date.now;
  Date.now = () => time;
  try {
    return await work();
  } finally {
    Date.now = real;
  }
}

async function answer(work) {
  try {
    return { kind: "value", value: await at(now, work) };
  } catch (error) {
    return { kind: "throw", name: error.name, message: error.message };
  }
}

async function expected(seal, passwords) {
  let refusal = null;
  const onUnsealError = (reason, error) => (refusal = { reason, message: error.message });
  return {
    expected_v8_0_4: await answer(() => eight.unsealData(seal, { password: passwords })),
    expected_v9_0_1: {
      ...(await answer(() => nine.unsealData(seal, { password: passwords, onUnsealError }))),
      on_unseal_error: refusal,
    },
  };
}

const vectors = [];

async function add(group, name, by, seal, payload, passwords = password) {
  vectors.push({
    group,
    name,
    by,
    payload,
    unseal_passwords: passwords,
    now_ms: now,
    seal,
    ...(await expected(seal, passwords)),
  });
}

/** Sealed by both packages. */
async function both(group, name, payload, { passwords = password, ttl = 0, readers = passwords } = {}) {
  for (const [by, { sealData }] of Object.entries(packages)) {
    const seal = await at(now, () => sealData(payload, { password: passwords, ttl }));
    await add(group, `${name}, by ${by}`, by, seal, payload, readers);
  }
}

/** With the primitives alone: a plaintext or an expiry that neither package writes. */
function byHand(plaintext, expiry = "") {
  const key = (salt) => crypto.pbkdf2Sync(password, salt, 1, 32, "sha1");
  const [salt, macSalt] = [0, 0].map(() => crypto.randomBytes(32).toString("hex"));
  const iv = crypto.randomBytes(16);
  const cipher = crypto.createCipheriv("aes-256-cbc", key(salt), iv);
  const ciphertext = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
  const signed = `Fe26.2*1*${salt}*${iv.toString("base64url")}*${ciphertext.toString("base64url")}*${expiry}`;
  const mac = crypto.createHmac("sha256", key(macSalt)).update(signed).digest("base64url");
  return `${signed}*${macSalt}*${mac}~2`;
}

for (const id of ["0", "4294967295", "4294967296", "1700000000000", "9007199254740992", "100000000000000000000"]) {
  await both("ids", `id ${id}`, { id }, { passwords: { [id]: password } });
}
await both("ids", "id 1700000000001 unknown", { a: 1 }, {
  passwords: { 1700000000001: password },
  readers: { 1700000000000: password },
});
await both("ids", "id Infinity", { a: 1 }, { passwords: { Infinity: password } });
await both("times", "ttl 2^53-1", { a: 1 }, { ttl: Number.MAX_SAFE_INTEGER });
await both("times", "ttl 1e17", { a: 1 }, { ttl: 1e17 });
await add("times", "expiry 0, by hand", "hand", byHand('{"a":1}', "0"), { a: 1 });
await both("payloads", "null", null);
await add("payloads", "null with white space, by hand", "hand", byHand(" null\n"), null);
await add("payloads", "nothing, by hand", "hand", byHand(""), null);
await add("payloads", "white space alone, by hand", "hand", byHand(" "), null);
await add("payloads", "byte order mark, by hand", "hand", byHand('\ufeff{"a":1}'), { a: 1 });
await add("payloads", "two byte order marks, by hand", "hand", byHand('\ufeff\ufeff{"a":1}'), { a: 1 });
await add(
  "payloads",
  "NaN, by iron-session 8.0.4",
  "iron-session 8.0.4",
  await eight.sealData({ a: NaN }, { password, ttl: 0 }),
  { a: null },
);
await both("payloads", "lone surrogate", { a: "half \ud83d" });

// Of `{"a":"xx…"}` only the number of x's is kept.
const lengths = [];
for (const [name, length] of [["over 4096 bytes", 5000], ["near 16384 bytes", 12115], ["over 16384 bytes", 12130]]) {
  const seal = await nine.sealData({ a: "x".repeat(length) }, { password, ttl: 0 });
  const counts = await Promise.all(
    Object.values(packages).map(async ({ unsealData }) => (await unsealData(seal, { password })).a.length),
  );
  lengths.push({ name, length, seal, expected_v8_0_4: counts[0], expected_v9_0_1: counts[1] });
}

// Of lists in lists only the number of levels is kept.
const nested = (levels) => (levels === 0 ? 1 : [nested(levels - 1)]);
const levelsOf = (data) => (data === 1 ? 0 : 1 + levelsOf(data[0]));
const depths = [];
for (const levels of [127, 128]) {
  // Version 9 would make an object of a list.
  const seal = await eight.sealData(nested(levels), { password, ttl: 0 });
  const counts = await Promise.all(
    Object.values(packages).map(async ({ unsealData }) => levelsOf(await unsealData(seal, { password }))),
  );
  depths.push({ levels, seal, expected_v8_0_4: counts[0], expected_v9_0_1: counts[1] });
}

/** A browser, as far as a jar of iron-session needs one. */
function jar(cookies) {
  return {
    cookies,
    read: (name) => cookies.get(name),
    names: () => [...cookies.keys()],
    write: (name, value, { maxAge }) => (maxAge === 0 ? cookies.delete(name) : cookies.set(name, value)),
  };
}

const options = { cookieName: "app", password, chunk: true };

async function chunked(length, user) {
  const browser = jar(new Map());
  const session = await at(now, () => nine.getIronSession(browser, options));
  Object.assign(session, { userId: user, text: user.repeat(length) });
  await at(now, () => session.save());
  return browser.cookies;
}

const texts = {};
const chunks = [];

/** A value by its name in `texts`. */
function named(name) {
  if (!(name in texts)) {
    const [session, part] = name.split(".");
    texts[name] = sessions[session].get(part === undefined ? "app" : `app.${part}`);
  }
  return texts[name];
}

/** With a cookie for each pair of a cookie's name and that of a value. */
async function addChunks(name, pairs) {
  let refusal = null;
  const onUnsealError = (reason, error) => (refusal = { reason, message: error.message });
  const cookies = new Map(pairs.map(([cookie, value]) => [cookie, named(value)]));
  const session = await at(now, () => nine.getIronSession(jar(cookies), { ...options, onUnsealError }));
  chunks.push({
    name,
    cookies: pairs,
    expected_v9_0_1: { user_id: session.userId ?? null, on_unseal_error: refusal },
  });
}

const sessions = {
  one: await chunked(10, "a"),
  two: await chunked(3500, "a"),
  three: await chunked(6500, "a"),
  four: await chunked(11500, "a"),
  other: await chunked(6500, "b"),
};
Object.assign(texts, { junk: "junk", empty: "" });
const of = (session, ...parts) => parts.map((part) => [`app.${part}`, `${session}.${part}`]);
await addChunks("one cookie", [["app", "one"]]);
await addChunks("two parts", of("two", 0, 1));
await addChunks("three parts", of("three", 0, 1, 2));
await addChunks("four parts", of("four", 0, 1, 2, 3));
await addChunks("the parts in another order of headers", of("three", 2, 0, 1));
await addChunks("the first part is missing", of("three", 1, 2));
await addChunks("a part in the middle is missing", of("three", 0, 2));
await addChunks("the last part is missing", of("three", 0, 1));
await addChunks("two parts have changed places", [["app.0", "three.1"], ["app.1", "three.0"], ["app.2", "three.2"]]);
await addChunks("a part of another session", [...of("three", 0, 1), ...of("other", 2)]);
await addChunks("a part of an older session is left behind", [...of("two", 0, 1), ...of("three", 2)]);
await addChunks("a whole one beside parts that were left behind", [["app", "one"], ...of("three", 1, 2)]);
await addChunks("a whole one beside all parts of another", [["app", "one"], ...of("other", 0, 1, 2)]);
await addChunks("an empty whole one beside parts", [["app", "empty"], ...of("three", 0, 1, 2)]);
await addChunks("one that cannot be read beside parts", [["app", "junk"], ...of("three", 0, 1, 2)]);

/** As JSON that every reader takes: half an emoji shows as a replacement character. */
const shown = (item) => JSON.stringify(item).replaceAll('\\ud83d"', '\\ufffd"');
/** A list with an item on each line. */
const lines = (items) => `[\n${items.map(shown).join(",\n")}\n]`;
const about =
  "Made by interop/node/vectors.mjs with iron-session 8.0.4 and 9.0.1 (npm), or by hand in the same format, with what both answer at now_ms. lengths: values of {a: as many x as length says}. depths: values of so many lists in each other. chunks: the cookies that version 9 sets with `chunk: true`, whole and in disorder, by their names in texts, with the user that it finds in them.";
console.log(`{"about": ${JSON.stringify(about)},
"now_ms": ${now},
"password": ${JSON.stringify(password)},
"vectors": ${lines(vectors)},
"lengths": ${lines(lengths)},
"depths": ${lines(depths)},
"texts": ${JSON.stringify(texts, null, 0)},
"chunks": ${lines(chunks)}}`);
