// What users of the package see. Each entry file (`node.js`, `workerd.js`, `deno.js`) starts the
// WebAssembly its runtime's way, and exports this.
import { Exchange, Options, Sessions as Core, linear_memory, numbers } from "../pkg/core_bg.js";

/** An error of the package: `code` is for programs, the message says what to do. */
export class SessionError extends Error {
  name = "SessionError";

  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** WebAssembly throws `CODE: message`. */
function errorOf(thrown) {
  if (typeof thrown !== "string") return thrown;
  const colon = thrown.indexOf(": ");
  return new SessionError(thrown.slice(0, colon), thrown.slice(colon + 2));
}

function told(call) {
  try {
    return call();
  } catch (error) {
    throw errorOf(error);
  }
}

function jsonOf(data) {
  const json = JSON.stringify(data);
  if (json === undefined) throw new SessionError("payload", "a session holds what JSON has, and not undefined or a function");
  return json;
}

const time = (seconds) => (seconds === "-" ? undefined : new Date(seconds * 1000));
const milliseconds = (now) => (now === undefined ? undefined : Number(now));

/** The numbers of the facts that WebAssembly told last; where its memory has grown, it is elsewhere. */
let latest = new Float64Array(0);
function numbersOf() {
  if (latest.length === 0) latest = new Float64Array(linear_memory().buffer, numbers(), 7);
  return latest;
}

const dateOf = (milliseconds) => (Number.isNaN(milliseconds) ? undefined : new Date(milliseconds));

/** `text` begins with the ids. */
function factsOf(text) {
  if (text === "") return undefined;
  const each = numbersOf();
  return {
    id: text.slice(0, 32),
    family: text.slice(32, 48),
    createdAt: dateOf(each[0]),
    issuedAt: dateOf(each[1]),
    authenticatedAt: dateOf(each[2]),
    expiresAt: dateOf(each[3]),
    keyId: Number.isNaN(each[4]) ? undefined : each[4],
    isPersistent: each[5] === 1,
    isResealDue: each[6] === 1,
  };
}

function infoOf(text) {
  const { id, family, createdAt, issuedAt, expiresAt } = factsOf(text);
  return { id, family, createdAt, issuedAt, expiresAt };
}

/** Text, or bytes that are text and are wiped. */
function ringOf(keys) {
  if (typeof keys === "string") return keys;
  if (keys instanceof Uint8Array) {
    const text = new TextDecoder().decode(keys);
    keys.fill(0);
    return text;
  }
  throw new SessionError("config", "the key ring is a string such as `1:KEY`, or the bytes of one");
}

const until = (former, name) => `${Number(former.until)}${name == null ? "" : ` ${name}`}`;

/** The type of each option, and for a list what stands for one of its members. */
const types = {
  cookieName: "string",
  audience: "string",
  path: "string",
  domain: "string",
  sameSite: "string",
  partitioned: "boolean",
  insecurePlainHttpForDevelopment: "boolean",
  absoluteTimeout: "number",
  idleTimeout: "number",
  persistent: "boolean",
  padTo: "number",
  maxCookieLength: "number",
  tombstones: "boolean",
  formerNames: (former) => until(former, former.name),
  formerAudiences: (former) => until(former, former.audience),
};

function optionsOf(given) {
  const options = new Options();
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(types, name)) {
      throw new SessionError("config", `unknown option \`${name}\`: there are ${Object.keys(types).join(", ")}`);
    }
    if (value === undefined || value === null) continue;
    const type = types[name];
    if (typeof type === "function") {
      for (const each of value) options.set(name, type(each));
    } else if (typeof value === type) {
      options.set(name, String(value));
    } else {
      throw new SessionError("config", `\`${name}\` is a ${type}`);
    }
  }
  return options;
}

export class Sessions {
  #core;
  #parse;

  constructor({ keys, initial, parse, revokeIf, ...options }) {
    if (keys === undefined || keys === null || keys.length === 0) {
      throw new SessionError("config", "there is no key ring: give `keys`, for example process.env.SESSION_KEYS");
    }
    this.#parse = parse ? (json) => parse(JSON.parse(json)) : JSON.parse;
    const check = parse && ((json) => void this.#parse(json));
    const revoked = revokeIf && ((json, facts) => Boolean(revokeIf(this.#parse(json), infoOf(facts))));
    this.#core = told(() => new Core(ringOf(keys), jsonOf(initial), optionsOf(options), check, revoked));
  }

  /** The cookie's name. */
  get cookieName() {
    return this.#core.cookie_name();
  }

  /** The keys in use, without their bytes. */
  keys({ now } = {}) {
    const lines = told(() => this.#core.keys(milliseconds(now))).split("\n").slice(0, -1);
    return lines.map((line) => {
      const [id, start, end, seals] = line.split(" ");
      return { id: Number(id), startsAt: time(start), endsAt: time(end), seals: seals === "1" };
    });
  }

  /** Puts another ring into use. Where it is wrong, that is an error and the present one stays. */
  replaceKeys(keys) {
    told(() => this.#core.replace(ringOf(keys)));
  }

  /** A value of a new session with this data. */
  seal(data, { now } = {}) {
    try {
      return this.#core.seal(jsonOf(data), milliseconds(now));
    } catch (error) {
      throw errorOf(error);
    }
  }

  /** Opens a value: its data, and what is known of its session. */
  unseal(value, { now } = {}) {
    let text;
    try {
      text = this.#core.unseal(value, milliseconds(now));
    } catch (error) {
      throw errorOf(error);
    }
    const opened = factsOf(text);
    opened.data = this.#parse(text.slice(48));
    return opened;
  }

  /** A fresh value in the place of this one, or undefined where it may stay. */
  reseal(value, { now } = {}) {
    return told(() => this.#core.reseal(value, milliseconds(now)));
  }

  /** The session of a request: a Request, Headers, a message of Node, or the values of its Cookie headers. */
  load(request, { now } = {}) {
    const exchange = told(() => this.#core.load(cookiesOf(request), milliseconds(now)));
    return new Session(exchange, this.#parse);
  }

  /**
   * Calls `handler` with the session of `request`, and gives its Response with the cookie.
   * Where the session cannot be saved, the answer is a 500 in its place.
   */
  async handle(request, handler) {
    const session = this.load(request);
    try {
      const response = await handler(session);
      const answer = new Response(response.body, response);
      session.commit(answer.headers);
      return answer;
    } finally {
      session.free();
    }
  }
}

/** The Cookie headers, as one. */
function cookiesOf(request) {
  if (request === undefined || request === null) return "";
  if (typeof request === "string") return request;
  if (Array.isArray(request)) return request.join("; ");
  const headers = request.headers ?? request;
  const cookie = typeof headers.get === "function" ? headers.get("cookie") : headers.cookie;
  return cookie ?? "";
}

/** The session of one request. */
export class Session {
  #exchange;
  #parse;

  constructor(exchange, parse) {
    if (!(exchange instanceof Exchange)) throw new TypeError("a session comes from `Sessions.load`");
    this.#exchange = exchange;
    this.#parse = parse;
  }

  get #open() {
    if (this.#exchange === undefined) throw new SessionError("committed", "the session was committed; change it before");
    return this.#exchange;
  }

  /** A copy of the data. What is changed in it is kept by `write`. */
  read() {
    return this.#parse(this.#open.read());
  }

  /** The data, without counting as activity. */
  peek() {
    return this.#parse(this.#open.peek());
  }

  /** Keeps this data, or what a function makes of the present. */
  write(change) {
    const exchange = this.#open;
    let data = change;
    if (typeof change === "function") {
      const draft = this.read();
      const made = change(draft);
      data = made === undefined ? draft : made;
    }
    const json = jsonOf(data);
    told(() => exchange.write(json));
  }

  /** A new id: whenever somebody signs in. */
  renew({ lifetime, persistent = true, idle } = {}) {
    const exchange = this.#open;
    if (lifetime === undefined) exchange.renew();
    else told(() => exchange.renew_with(lifetime, persistent, idle === null ? -1 : idle));
  }

  /** Says that the user has just proved again who they are. */
  reauthenticate() {
    this.#open.reauthenticate();
  }

  regenerateId() {
    this.#open.regenerate_id();
  }

  /** Ends the session: a sign-out. */
  destroy() {
    this.#open.destroy();
  }

  get isNew() {
    return this.#open.is_new();
  }

  /** What is known of the session; undefined for a visitor without one. */
  get facts() {
    return factsOf(this.#open.facts());
  }

  /** Why what the request brought is no session. */
  get refusal() {
    const text = this.#open.refusal();
    return text === undefined ? undefined : errorOf(text);
  }

  authenticatedWithin(seconds) {
    return this.#open.authenticated_within(seconds);
  }

  /** A token for the forms of this visitor's page. */
  csrfToken() {
    const exchange = this.#open;
    return told(() => exchange.csrf_token());
  }

  /** Throws unless the token is of this session. Answer with 403. */
  verifyCsrf(token) {
    const why = this.#open.verify_csrf(typeof token === "string" ? token : "");
    if (why !== undefined) throw new SessionError("csrf", why);
  }

  /**
   * Writes what the response has to say of the session into its headers: Headers, or a response of
   * Node before its head is sent. Where it throws, nothing was saved: answer with an error.
   */
  commit(response, { now } = {}) {
    const exchange = this.#open;
    const isNode = typeof response.getHeaders === "function";
    const headers = isNode ? nodeHeaders(response) : [...(response.headers ?? response)];
    const before = headers.map(([name, value]) => [name.toLowerCase(), value]).filter(([name]) => isOurs(name));
    const lines = told(() => exchange.commit(before.flat().join("\n"), milliseconds(now))).split("\n");
    this.free();
    const after = new Map();
    for (let at = 0; at + 1 < lines.length; at += 2) after.set(lines[at], [...(after.get(lines[at]) ?? []), lines[at + 1]]);
    if (isNode) writeToNode(response, after);
    else writeTo(response.headers ?? response, before, after);
  }

  /** Gives the memory back. `commit` does. */
  free() {
    this.#exchange?.free();
    this.#exchange = undefined;
  }
}

function nodeHeaders(response) {
  return Object.entries(response.getHeaders()).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, String(value)]),
  );
}

/** What the crate may change; anything else stays as it stands, in what order ever. */
const isOurs = (name) =>
  ["set-cookie", "cache-control", "vary", "expires", "surrogate-control", "edge-control", "x-accel-expires"].includes(name) ||
  name.endsWith("-cache-control");

function writeTo(headers, before, after) {
  for (const [name] of before) headers.delete(name);
  for (const [name, each] of after) for (const value of each) headers.append(name, value);
}

function writeToNode(response, after) {
  for (const name of response.getHeaderNames().filter(isOurs)) if (!after.has(name)) response.removeHeader(name);
  for (const [name, each] of after) response.setHeader(name, each.length === 1 ? each[0] : each);
}
