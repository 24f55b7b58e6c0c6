// What runs inside workerd: /vectors, and /bench?who=ours&work=seal&size=100&calls=1000.
import * as api from "sealed-session";
import vectors from "../../../tests/vectors/v1.json";
import { kinds } from "./bench.mjs";
import { run } from "./vectors.mjs";

// In global scope, where there is no randomness: a ring and a configuration need none.
const early = new api.Sessions({ keys: KEYS, initial: null });
let sealedEarly;
try {
  sealedEarly = early.seal(1);
} catch (error) {
  sealedEarly = error.code ?? error.message;
}
const work = kinds(api.Sessions, KEYS);

export default {
  async fetch(request) {
    const url = new URL(request.url);
    const { who, work: what, size, calls } = Object.fromEntries(url.searchParams);
    if (url.pathname === "/vectors") return Response.json(run(api, vectors));
    if (url.pathname === "/early") return Response.json({ sealedEarly, opened: early.unseal(early.seal(7)).data });
    await work[who][what](Number(size), Number(calls));
    return new Response();
  },
};
