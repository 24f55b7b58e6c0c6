// Writes the TypeScript of the documents to test/snippets, for the compiler to check.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";

const documents = { readme: "../README.md", edge: "../../../docs/guide/edge.md" };
// What a reader has around it.
const around = `import type { IncomingMessage, ServerResponse } from "node:http";
interface Account { user: string | null }
declare const app: { get(path: string, answer: (request: IncomingMessage, response: ServerResponse) => void): void };
declare const request: Request, response: Response;
`;

const here = (path) => new URL(path, import.meta.url);
mkdirSync(here("snippets"), { recursive: true });
for (const [name, path] of Object.entries(documents)) {
  const snippets = [...readFileSync(here(path), "utf8").matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  if (snippets.length === 0) throw new Error(`${path} has no TypeScript`);
  snippets.forEach((code, at) => {
    const declared = around.split("\n").filter((line) => !line.startsWith("interface") || !code.includes("interface Account"));
    writeFileSync(here(`snippets/${name}-${at}.ts`), declared.join("\n") + code);
  });
}
