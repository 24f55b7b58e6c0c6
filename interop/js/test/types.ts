// Compiled, not run: what a caller's types come to.
import { createServer } from "node:http";
import { Sessions } from "sealed-session";

interface Account {
  user: string | null;
}

const sessions = new Sessions<Account>({ keys: "1:…", initial: { user: null } });
const user: string | null = sessions.unseal("…").data.user;
// @ts-expect-error: not of the type
sessions.seal({ user: 7 });
// @ts-expect-error: no such option
new Sessions<Account>({ keys: "", initial: { user }, cookieNam: "x" });
sessions.handle(new Request("https://shop.example"), (session) => {
  session.write((account) => void (account.user = "ada"));
  return new Response(session.read().user);
});
createServer((request, response) => {
  const session = sessions.load(request);
  session.commit(response);
  response.end();
});
