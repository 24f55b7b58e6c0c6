// What the walk says of a page, in the words of its visitor.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const quoted = (text) => `"${text}"`;
const named = (text) =>
  `(@aria-label=${quoted(text)} or (not(@aria-label) and starts-with(normalize-space(.), ${quoted(text)})))`;

export const button = (text) => `(//button[${named(text)}])[1]`;
export const link = (text) => `(//a[${named(text)}])[1]`;
/** An input by its label, a check box too. */
export const field = (text) =>
  `(//label[starts-with(normalize-space(.), ${quoted(text)})]//input | //input[@aria-label=${quoted(text)}])[1]`;

/** A visitor with what it takes to walk this site. */
export function walker(visitor, base) {
  const at = (path) => new URL(path, base).href;
  const it = Object.assign(Object.create(visitor), {
    base,
    visit: (path) => visitor.goto(at(path)),
    path: async () => { const { pathname, search } = new URL(await visitor.url()); return pathname + search; },
    text: (css) => visitor.run('(css) => document.querySelector(css)?.textContent.trim() ?? null', css),
    texts: (css) => visitor.run('(css) => [...document.querySelectorAll(css)].map((each) => each.textContent.trim())', css),
    attribute: (css, name) => visitor.run('(css, name) => document.querySelector(css)?.getAttribute(name) ?? null', css, name),
    value: (css) => visitor.run('(css) => document.querySelector(css)?.value ?? null', css),
    fact: (name, of = '#account') => it.text(`${of} [data-fact=${name}]`),
    flash: () => it.text('.flash'),
    focused: () => visitor.run(`() => {
      const { tagName, type, name, textContent, offsetParent } = document.activeElement;
      return { tag: tagName.toLowerCase(), type, name, text: textContent.trim(), isDisplayed: offsetParent !== null };
    }`),
    cookie: async (name = '__Host-session') => (await visitor.cookies()).find((cookie) => cookie.name === name),
    /** Clicks what loads another page, and waits for that. */
    async submit(xpath) {
      await visitor.run('() => { window.isOld = true; }');
      await visitor.click(xpath);
      await eventually(() => visitor.run('() => !window.isOld && document.readyState === "complete"'), `${xpath} leads nowhere`);
    },
    async signIn({ user, password }, { remember = false, next = '/login' } = {}) {
      if (next) await it.visit(next);
      await visitor.type(field('Name'), user);
      await visitor.type(field('Password'), password);
      if (remember) await visitor.click(field('Remember me'));
      await it.submit(button('Sign in'));
    },
    signOut: () => it.submit(button('Sign out')),
    async assertSignedIn(name) {
      assert.equal(await it.text('.who'), name);
    },
    async assertSignedOut() {
      assert.equal(await it.text('.who'), null);
      assert.match(await it.text('main h1') ?? '', /./, 'a page of the shop');
    },
  });
  return it;
}

/** Tries again; a page that is on its way cannot be asked. */
export async function eventually(condition, otherwise, seconds = 20) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(50)) {
    if (await Promise.resolve().then(condition).catch(() => false)) return;
  }
  assert.fail(otherwise);
}
