// The work of one seal and one unseal in Node's synchronous crypto, without
// iron-session's own promises, so that it is the fastest that Node could be.
//   node measure.mjs < payload.json    prints {"seal": ns, "unseal": ns}
import * as crypto from "node:crypto";
import { readFileSync } from "node:fs";

const password = "measured in benches/iron.rs, no secret";
const data = JSON.parse(readFileSync(0, "utf8"));
const key = (salt) => crypto.pbkdf2Sync(password, salt, 1, 32, "sha1");

function seal(data, ttl, now) {
  const salt = crypto.randomBytes(32).toString("hex");
  const macSalt = crypto.randomBytes(32).toString("hex");
  const iv = crypto.randomBytes(16);
  const cipher = crypto.createCipheriv("aes-256-cbc", key(salt), iv);
  const ciphertext = Buffer.concat([cipher.update(JSON.stringify(data), "utf8"), cipher.final()]);
  const signed = `Fe26.2*1*${salt}*${iv.toString("base64url")}*${ciphertext.toString("base64url")}*${now + ttl}`;
  const mac = crypto.createHmac("sha256", key(macSalt)).update(signed).digest("base64url");
  return `${signed}*${macSalt}*${mac}~2`;
}

function unseal(value, now) {
  const [prefix, id, salt, iv, ciphertext, expiry, macSalt, mac] = value.slice(0, -2).split("*");
  const signed = `${prefix}*${id}*${salt}*${iv}*${ciphertext}*${expiry}`;
  const expected = crypto.createHmac("sha256", key(macSalt)).update(signed).digest();
  if (!crypto.timingSafeEqual(expected, Buffer.from(mac, "base64url"))) throw new Error("MAC");
  if (Number(expiry) <= now - 60_000) throw new Error("expired");
  const decipher = crypto.createDecipheriv("aes-256-cbc", key(salt), Buffer.from(iv, "base64url"));
  const json = decipher.update(ciphertext, "base64url", "utf8") + decipher.final("utf8");
  return JSON.parse(json);
}

/** The median of 21 rounds, in nanoseconds a call, after the compiler has warmed up. */
function median(work) {
  const round = (calls) => {
    const start = process.hrtime.bigint();
    for (let call = 0; call < calls; call += 1) work();
    return Number(process.hrtime.bigint() - start) / calls;
  };
  for (let warm = 0; warm < 10; warm += 1) round(1000);
  const times = Array.from({ length: 21 }, () => round(2000)).sort((a, b) => a - b);
  return times[10];
}

const value = seal(data, 3_600_000, Date.now());
if (JSON.stringify(unseal(value, Date.now())) !== JSON.stringify(data)) throw new Error("round trip");
console.log(
  JSON.stringify({
    value,
    seal: median(() => seal(data, 3_600_000, Date.now())),
    unseal: median(() => unseal(value, Date.now())),
  }),
);
