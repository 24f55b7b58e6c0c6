/** An error of this package. `code` is for programs, the message says what to do. */
export class SessionError extends Error {
  readonly name: "SessionError";
  /**
   * Of a value that is refused, its class in docs/FORMAT.md, such as `expired` or `unknown_key`;
   * otherwise `config`, `payload`, `too_large`, `refused`, `not_readable`, `csrf`, `random_source`, …
   */
  readonly code: string;
}

export interface Options<T> {
  /**
   * The key ring, newest key first: `2@2027-01-01T00:00:00Z:KEY,1:KEY`, or its JSON. Bytes are
   * wiped when they have been read; a string stays in JavaScript's memory until that forgets it.
   */
  keys: string | Uint8Array;
  /** What a visitor without a session has. */
  initial: T;
  /** Makes a `T` of what came, for example a schema's `parse`. It throws for data of another type. */
  parse?: (json: unknown) => T;
  /** Whether a session is ended from the server. One that throws lets nobody in. */
  revokeIf?: (data: T, info: Info) => boolean;
  /** `__Host-session` by default. */
  cookieName?: string;
  /** The tenant or environment, sealed in. */
  audience?: string;
  path?: string;
  domain?: string;
  /** `lax` by default. */
  sameSite?: "lax" | "strict" | "none";
  partitioned?: boolean;
  insecurePlainHttpForDevelopment?: boolean;
  /** Seconds; 14 days by default. */
  absoluteTimeout?: number;
  /** Seconds; none by default. */
  idleTimeout?: number;
  persistent?: boolean;
  padTo?: number;
  maxCookieLength?: number;
  tombstones?: boolean;
  formerNames?: { name: string; until: Date }[];
  formerAudiences?: { audience: string | null; until: Date }[];
}

export interface Info {
  id: string;
  family: string;
  createdAt: Date | undefined;
  issuedAt: Date;
  expiresAt: Date;
}

export interface Facts extends Info {
  authenticatedAt: Date | undefined;
  /** The key that the value came under, undefined for one that has not been sealed yet. */
  keyId: number | undefined;
  isPersistent: boolean;
  isResealDue: boolean;
}

export interface KeyInfo {
  id: number;
  startsAt: Date | undefined;
  endsAt: Date | undefined;
  seals: boolean;
}

/** The present, for tests. */
export interface At {
  now?: Date;
}

/** A kind of session: its keys, its cookie, its timeouts. Made once. */
export class Sessions<T> {
  constructor(options: Options<T>);
  readonly cookieName: string;
  keys(at?: At): KeyInfo[];
  /** Puts another ring into use; where it is wrong, that is an error and the present one stays. */
  replaceKeys(keys: string | Uint8Array): void;
  /** A value of a new session with this data. */
  seal(data: T, at?: At): string;
  /** Opens a value. */
  unseal(value: string, at?: At): Facts & { data: T };
  /** A fresh value in the place of this one, or undefined where it may stay. */
  reseal(value: string, at?: At): string | undefined;
  /** The session of a request of fetch or of Node, or of its Cookie headers. */
  load(request: RequestLike, at?: At): Session<T>;
  /** Calls `handler`, and gives its response with the cookie. */
  handle(request: RequestLike, handler: (session: Session<T>) => Response | Promise<Response>): Promise<Response>;
}

export type RequestLike =
  | string
  | string[]
  | null
  | undefined
  | { get(name: string): string | null }
  | { headers: { get(name: string): string | null } | { cookie?: string | undefined } };

export type ResponseLike =
  | Headers
  | { headers: Headers }
  | {
      getHeaders(): Record<string, unknown>;
      getHeaderNames(): string[];
      setHeader(name: string, value: string | string[]): unknown;
      removeHeader(name: string): void;
    };

/** The session of one request. */
export class Session<T> {
  private constructor();
  /** A copy of the data. */
  read(): T;
  /** A copy of the data, without counting as activity. */
  peek(): T;
  /** Keeps this data, or what a function makes of the present or changes in it. */
  write(change: T | ((data: T) => T | void)): void;
  /** A new id, at every sign-in. Seconds; an idle timeout of null is none. */
  renew(options?: { lifetime?: number; persistent?: boolean; idle?: number | null }): void;
  reauthenticate(): void;
  regenerateId(): void;
  /** Ends the session. */
  destroy(): void;
  readonly isNew: boolean;
  readonly facts: Facts | undefined;
  readonly refusal: SessionError | undefined;
  authenticatedWithin(seconds: number): boolean;
  csrfToken(): string;
  /** Throws unless the token is of this session. Answer with 403. */
  verifyCsrf(token: unknown): void;
  /** Writes the response's headers. Where it throws, nothing was saved: answer with an error. */
  commit(response: ResponseLike, at?: At): void;
  /** Gives the memory back, where there is no `commit`. */
  free(): void;
}
