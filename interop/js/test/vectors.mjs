// Every vector of tests/vectors/v1.json, by docs/FORMAT.md, through what users see.

const RealDate = Date;

/** With the machine's clock at `seconds`: a ring in the form of JSON is judged by it. */
function at(seconds, work) {
  globalThis.Date = class extends RealDate {
    constructor(...given) {
      super(...(given.length > 0 ? given : [seconds * 1000]));
    }
  };
  try {
    return work();
  } finally {
    globalThis.Date = RealDate;
  }
}

const date = (seconds) => new RealDate(seconds * 1000);
const seconds = (time) => (time === undefined ? undefined : time.getTime() / 1000);
const bytesOf = (hex) => (hex.replaceAll(" ", "").match(/../g) ?? []).map((byte) => parseInt(byte, 16));
const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

function equal(found, expected, what) {
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`${what}: ${JSON.stringify(found)}, and not ${JSON.stringify(expected)}`);
  }
}

function codeOf(work) {
  try {
    work();
  } catch (error) {
    if (typeof error.code !== "string" || error.message === "") throw error;
    return error.code;
  }
  return undefined;
}

/** A type that asks for an object. */
const object = (json) => {
  if (json === null || typeof json !== "object" || Array.isArray(json)) throw new Error("not an object");
  return json;
};

export function run({ Sessions }, file) {
  const time = (seconds) => (seconds === undefined ? undefined : date(seconds).toISOString());
  const entry = ({ id, key_hex, not_before, not_after }) => ({
    id,
    key: base64(bytesOf(key_hex)),
    ...(not_before === undefined ? {} : { not_before: time(not_before) }),
    ...(not_after === undefined ? {} : { not_after: time(not_after) }),
  });
  const former = (list, key) => (list ?? []).map((each) => ({ [key]: each[key], until: date(each.until) }));
  const reader = (vector, more = {}) =>
    at(vector.now, () =>
      new Sessions({
        keys: JSON.stringify(vector.ring.map(entry)),
        initial: vector.type === "object" ? {} : null,
        ...(vector.type === "object" ? { parse: object } : {}),
        cookieName: vector.cookie_name,
        ...(vector.audience === null ? {} : { audience: vector.audience }),
        absoluteTimeout: vector.policy.absolute_timeout,
        ...(vector.policy.idle_timeout === null ? {} : { idleTimeout: vector.policy.idle_timeout }),
        formerNames: former(vector.former_names, "name"),
        formerAudiences: former(vector.former_audiences, "audience"),
        ...more,
      }),
    );
  const factsOf = (facts, claims) => {
    equal(facts.id, claims.session_id, "session_id");
    equal(facts.family, claims.family, "family");
    equal(seconds(facts.createdAt), claims.creation_known ? claims.created_at : undefined, "created_at");
    equal(seconds(facts.issuedAt), claims.issued_at, "issued_at");
    equal(seconds(facts.authenticatedAt), claims.authenticated_at ?? undefined, "authenticated_at");
    equal(seconds(facts.expiresAt), claims.expires_at, "expires_at");
    equal(facts.isPersistent, claims.persistent, "persistent");
    equal(facts.keyId, claims.key_id, "key_id");
  };

  const kinds = {
    vectors(vector) {
      const sessions = reader(vector);
      const now = date(vector.now);
      const { claims, refused } = vector.expect;
      if ((vector.purpose ?? 1) !== 1) {
        // What is refused as another purpose may be a session, and whole.
        if (refused === undefined) equal(codeOf(() => sessions.unseal(vector.value, { now })), "not_authentic", "class");
        return;
      }
      const binds = vector.bound_families !== undefined;
      // This build does no device binding. What waits for it is refused after 300 seconds.
      const since = claims?.authenticated_at ?? vector.now;
      const isOverdue = vector.sealed?.awaits_binding === true && vector.now >= since + 300;
      const isBound = claims?.bound || isOverdue || refused === "bound";
      const expected = binds && isBound ? "bound" : refused;
      const load = () => sessions.load([`theme=dark; ${vector.cookie_name}=${vector.value}; lang=en`], { now });
      if (expected !== undefined) {
        equal(codeOf(() => sessions.unseal(vector.value, { now })), expected, "class");
        // In a header it may be another value.
        if (!/^[ -:<-~]*$/.test(vector.value) || vector.value !== vector.value.trim()) return;
        const session = load();
        equal(session.isNew, true, "isNew");
        equal(session.refusal?.code, expected, "refusal");
        session.free();
        return;
      }
      const unsealed = sessions.unseal(vector.value, { now });
      factsOf(unsealed, claims);
      if (!binds) equal(unsealed.isResealDue, claims.reseal_due, "reseal_due");
      const session = load();
      factsOf(session.facts, claims);
      for (const data of [unsealed.data, session.read()]) equal(data, JSON.parse(claims.payload), "payload");
      session.free();
    },

    keys(vector) {
      const key = vector.text ? vector.text.join("") : base64(bytesOf(vector.bytes));
      const make = () => new Sessions({ keys: JSON.stringify([{ id: 1, key }]), initial: null });
      if (vector.expect.refused !== undefined) return equal(codeOf(make), "config", "code");
      // What one seals the other opens: the bytes are the same.
      const same = new Sessions({ keys: `1:${base64(bytesOf(vector.expect.key_hex))}`, initial: null });
      equal(same.unseal(make().seal(7)).data, 7, "data");
    },

    rings(vector) {
      // What is neither an object nor a list is taken for the text form.
      if (vector.form === "json" && !/^\s*[[{]/.test(vector.text.join(""))) return "skipped";
      const make = () => new Sessions({ keys: vector.text.join(""), initial: null });
      const { ring } = vector.expect;
      if (ring === undefined) {
        equal(at(vector.now, () => codeOf(make)), "config", "code");
        return;
      }
      const keys = at(vector.now, make).keys({ now: date(vector.now) });
      const start = (entry) => entry.not_before ?? undefined;
      equal(keys.map(({ id, startsAt }) => [id, seconds(startsAt)]), ring.entries.map((e) => [e.id, start(e)]), "entries");
      equal(keys.map(({ endsAt }) => seconds(endsAt)), ring.entries.map((e) => e.not_after ?? undefined), "ends");
      equal(keys.find(({ seals }) => seals)?.id, ring.sealing, "sealing");
      const accepted = keys.filter(({ endsAt }) => endsAt === undefined || seconds(endsAt) > vector.now);
      equal(accepted.map(({ id }) => id), ring.accepted, "accepted");
    },

    cookies(vector) {
      if (vector.binding) return "skipped";
      const sessions = reader(vector);
      const now = date(vector.now);
      const load = () => sessions.load(vector.headers, { now });
      const { candidates, winner, reseal_due, passing, collectable } = vector.expect;
      let session = load();
      equal(session.isNew, winner === null, "isNew");
      equal(session.facts?.isResealDue ?? false, reseal_due, "reseal_due");
      const classes = candidates.map(({ result }) => result);
      const { refusal } = session;
      if (winner === null && refusal !== undefined) equal(classes.includes(refusal.code), true, refusal.code);
      if (winner === null) equal(refusal === undefined, classes.every((each) => each === "not_read"), "refusal");
      session.read();
      const headers = new Headers();
      session.commit(headers, { now });
      const removed = headers.getSetCookie().filter((cookie) => /^[^=]*-ended-[^=]*=;/.test(cookie));
      equal(removed.map((cookie) => cookie.split("=")[0]).sort(), collectable, "collectable");
      session = load();
      session.write(vector.type === "object" ? {} : null);
      equal(codeOf(() => session.commit(new Headers(), { now })) === "not_readable", passing, "passing");
      session.free();
    },

    reseals(vector) {
      // This build does no device binding, has no list of revocations, and no longer steps.
      if (vector.bound_families !== undefined || vector.position !== 0 || vector.pad_to > 1024) return "skipped";
      const sessions = reader(vector, vector.pad_to === undefined ? {} : { padTo: vector.pad_to });
      const now = date(vector.now);
      const cookie = vector.cookie ?? vector.cookie_name;
      const session = sessions.load([`${cookie}=${vector.value}`], { now });
      session.read();
      equal(session.refusal?.code, vector.expect.refused, "refused");
      const headers = new Headers();
      session.commit(headers, { now });
      const cookies = headers.getSetCookie().map((line) => /^([^=]*)=([^;]*)/.exec(line).concat(line).slice(1));
      const set = cookies.find(([name, value]) => name === vector.cookie_name && value !== "");
      if (vector.expect.value === undefined) return equal(cookies.length, 0, "cookies");
      equal(set[1].length, vector.expect.value.length, "length");
      const maxAge = /; Max-Age=(\d+)/.exec(set[2])?.[1];
      equal(maxAge === undefined ? null : Number(maxAge), vector.expect.max_age, "max_age");
      // Nonces aside, both are one value.
      equal(sessions.unseal(set[1], { now }), sessions.unseal(vector.expect.value, { now }), "value");
      equal(sessions.unseal(set[1], { now }).keyId, vector.expect.key_id, "key_id");
    },
  };

  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  for (const [kind, check] of Object.entries(kinds)) {
    for (const vector of file[kind]) {
      try {
        counts[check(vector) === "skipped" ? "skipped" : "passed"] += 1;
      } catch (error) {
        counts.failed += 1;
        failures.push(`${kind}: ${vector.name}: ${error.message}`);
      }
    }
  }
  return { counts, failures };
}

export function report(runtime, { counts, failures }) {
  for (const failure of failures) console.log(failure);
  console.log(`${runtime}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  if (failures.length > 0 || counts.passed < 1100) throw new Error(`${runtime}: vectors failed`);
}
