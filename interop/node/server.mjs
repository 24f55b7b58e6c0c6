// A server with the real package: counts the visits of a session and says who
// was here last. Listens on a free port of 127.0.0.1 and prints it.
//   SESSION_PASSWORD=… node server.mjs iron-session8 COOKIE_NAME
import { createServer } from "node:http";

const [, , name, cookieName] = process.argv;
const { getIronSession } = await import(name);
// Without Secure: the demonstration speaks plain HTTP.
const options = {
  cookieName,
  password: process.env.SESSION_PASSWORD,
  cookieOptions: { secure: false },
  // The other side neither splits nor removes parts.
  chunk: false,
};

const server = createServer(async (request, response) => {
  const session = await getIronSession(request, response, options);
  if (request.url === "/logout") {
    session.destroy();
    response.end("{}");
    return;
  }
  session.visits = (session.visits ?? 0) + 1;
  session.lastSeenBy = name;
  await session.save();
  response.end(JSON.stringify({ ...session }));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
