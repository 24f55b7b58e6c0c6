// Seals or unseals one value a line with the real package: the passwords come
// in the first line, a payload or a value in each line that follows. With `save` a
// session is saved with `chunk: true`, and the answer is the cookies of the browser.
//   node values.mjs iron-session8 seal < payloads > values
import { createInterface } from "node:readline";

const [, , name, direction] = process.argv;
const { getIronSession, sealData, unsealData } = await import(name);

/** The cookies of a browser after a session was saved. */
async function save({ data, ttl, cookieName }, password) {
  const cookies = {};
  const store = {
    get: (name) => (name in cookies ? { name, value: cookies[name] } : undefined),
    set: (name, value) => {
      cookies[name] = value;
    },
  };
  const session = await getIronSession(store, { cookieName, password, ttl, chunk: true });
  Object.assign(session, data);
  await session.save();
  return cookies;
}

const steps = {
  seal: async ({ data, ttl }, password) => sealData(data, { password, ttl }),
  unseal: async ({ value }, password) => unsealData(value, { password }),
  save,
};

let password;
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (password === undefined) {
    password = message;
    continue;
  }
  console.log(JSON.stringify(await steps[direction](message, password)));
}
