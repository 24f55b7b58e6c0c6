// The Node side of examples/js_side_by_side.rs. Listens on a free port of 127.0.0.1 and prints it.
//   SESSION_KEYS=… node server.mjs
import { createServer } from "node:http";
import { Sessions } from "sealed-session";

const sessions = new Sessions({
  keys: process.env.SESSION_KEYS,
  initial: { user: null, visits: 0, lastSeenBy: "" },
  // The demonstration speaks plain HTTP.
  insecurePlainHttpForDevelopment: true,
});
delete process.env.SESSION_KEYS;

const server = createServer((request, response) => {
  const session = sessions.load(request);
  let told = { user: null, visits: 0, lastSeenBy: "" };
  if (request.url === "/logout") {
    session.destroy();
  } else {
    if (request.url === "/login") {
      session.renew();
      session.write((visitor) => void (visitor.user = "ada"));
    }
    session.write((visitor) => ({ ...visitor, visits: visitor.visits + 1, lastSeenBy: "Node" }));
    told = session.read();
  }
  session.commit(response);
  response.end(JSON.stringify(told));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
