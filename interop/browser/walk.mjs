// What a real browser makes of the demo's cookies. Started by ./run, which
// serves the demo three times under one key ring: HTTPS, HTTPS with sign-ins of
// six seconds, and plain HTTP.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const { HTTPS_URL, SHORT_URL, PLAIN_URL, SCREENSHOTS } = process.env;
const SHORT_SECONDS = 6;
const ADA = { user: 'ada', password: 'difference engine' };
const GRACE = { user: 'grace', password: 'nanosecond' };
// Her sessions end everywhere, in the one server that knows.
const JOAN = { user: 'joan', password: 'banburismus' };

let browser;

before(async () => {
  mkdirSync(SCREENSHOTS, { recursive: true });
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
});

after(() => browser?.close());

// Each walk is a visitor of its own: a fresh cookie store, in which no page may fail.
function walk(name, steps, base = HTTPS_URL) {
  test(name, async () => {
    const visitor = await newVisitor(base);
    await steps(visitor);
    assert.deepEqual(visitor.failures, []);
    await visitor.context.close();
  });
}

async function newVisitor(base) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, baseURL: base });
  const page = await context.newPage();
  const failures = [];
  page.on('response', (response) => {
    if (response.status() >= 500) failures.push(`${response.url()} answered ${response.status()}`);
  });
  page.on('pageerror', (error) => failures.push(error.message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) failures.push(message.text());
  });
  return { context, page, failures };
}

async function signIn(page, { user, password }, { remember = false } = {}) {
  await page.goto('/login');
  await page.getByLabel('Name').fill(user);
  await page.getByLabel('Password').fill(password);
  if (remember) await page.getByLabel('Remember me').check();
  await page.getByRole('button', { name: 'Sign in' }).click();
}

const signOut = (page) => page.getByRole('button', { name: 'Sign out' }).click();

async function cookie(context, name = '__Host-session') {
  return (await context.cookies()).find((cookie) => cookie.name === name);
}

async function assertSignedIn(page, user) {
  assert.equal(await page.locator('.who').textContent(), user);
}

async function assertSignedOut(page) {
  assert.equal(await page.locator('.who').count(), 0);
  assert.equal(await page.getByRole('link', { name: 'Sign in', exact: true }).count(), 1);
}

const fact = (page, name) => page.locator(`#account [data-fact=${name}]`).textContent();

const flash = async (page) => {
  const flash = page.getByRole('status');
  return (await flash.count()) ? flash.textContent() : null;
};

// A page as a desk and a phone show it; nothing may stick out at the side.
async function shoot(page, name) {
  for (const [device, width, height] of [['desk', 1100, 760], ['phone', 390, 844]]) {
    await page.setViewportSize({ width, height });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(overflow <= 0, `${name} is ${overflow} px too wide for a ${device}`);
    await page.screenshot({ path: `${SCREENSHOTS}/${name}-${device}.png`, fullPage: true });
  }
  await page.setViewportSize({ width: 1100, height: 760 });
}

walk('a visitor who only looks gets no cookie', async ({ context, page }) => {
  await page.goto('/');
  await shoot(page, 'home');
  for (const path of ['/cart', '/settings', '/stamp/1', '/session', '/signed-out']) {
    assert.equal((await page.goto(path)).status(), 200, path);
    await shoot(page, `guest${path.replaceAll('/', '-')}`);
  }
  assert.equal((await page.goto('/nowhere')).status(), 404);
  await shoot(page, 'not-found');
  assert.deepEqual(await context.cookies(), []);
  // The sign-in form has a token, and the token a session.
  assert.equal((await page.goto('/login')).status(), 200);
  await shoot(page, 'guest-login');
  assert.deepEqual((await context.cookies()).map(({ name }) => name), ['__Host-session']);
});

walk('the cookies are __Host-, HttpOnly, Secure, SameSite=Lax, Path=/, without Domain', async ({ context, page }) => {
  const lines = [];
  page.on('response', async (response) => {
    lines.push(...(await response.headersArray()).filter(({ name }) => name.toLowerCase() === 'set-cookie'));
  });
  await page.goto('/');
  await page.getByRole('button', { name: 'Add to cart' }).first().click();
  await page.goto('/cart');
  const cookies = await context.cookies();
  assert.deepEqual(cookies.map(({ name }) => name).sort(), ['__Host-cart', '__Host-session']);
  for (const { name, httpOnly, secure, sameSite, path, domain } of cookies) {
    assert.deepEqual(
      { httpOnly, secure, sameSite, path, domain },
      // A Domain attribute would show as a leading dot.
      { httpOnly: true, secure: true, sameSite: 'Lax', path: '/', domain: 'localhost' },
      name,
    );
  }
  assert.ok(lines.length >= 2);
  for (const { value } of lines) assert.doesNotMatch(value, /domain/i);
});

walk('script can neither read nor replace the cookies', async ({ context, page }) => {
  await signIn(page, ADA);
  const { value } = await cookie(context);
  assert.equal(await page.evaluate(() => document.cookie), '');
  await page.evaluate(() => { document.cookie = '__Host-session=forged; Secure; Path=/'; });
  assert.equal((await cookie(context)).value, value);
  await page.goto('/');
  await assertSignedIn(page, 'ada');
});

walk('a flash message is shown once', async ({ page }) => {
  await signIn(page, { user: 'ada', password: 'wrong' });
  assert.match(await flash(page), /do not match/);
  await shoot(page, 'login-refused');
  await page.reload();
  assert.equal(await flash(page), null);
  await assertSignedOut(page);
});

walk('the guest’s cart comes along at sign-in, and its cookie goes', async ({ context, page }) => {
  await signIn(page, ADA);
  await page.goto('/');
  await page.getByRole('button', { name: 'Add to cart' }).nth(0).click();
  assert.equal(await cookie(context, '__Host-cart'), undefined);
  await signOut(page);
  await page.goto('/');
  for (const index of [0, 3, 3]) await page.getByRole('button', { name: 'Add to cart' }).nth(index).click();
  await shoot(page, 'home-with-flash');
  await page.goto('/cart');
  await shoot(page, 'guest-cart-filled');
  assert.ok(await cookie(context, '__Host-cart'));
  await signIn(page, ADA);
  assert.equal(new URL(page.url()).pathname, '/cart');
  assert.match(await flash(page), /3 items in your cart came along/);
  assert.deepEqual(
    await page.locator('.lines .grow').allTextContents(),
    ['Carmine2 × € 4.80', 'Amber2 × € 5.60'],
  );
  assert.equal(await cookie(context, '__Host-cart'), undefined);
  await shoot(page, 'cart');
  await page.getByRole('button', { name: 'Remove Amber' }).click();
  await page.getByRole('button', { name: 'Order' }).click();
  assert.match(await flash(page), /Ordered: 2/);
});

walk('signing in changes the session’s id and keeps the guest’s settings', async ({ page }) => {
  await page.goto('/settings');
  await page.getByLabel('Dark').check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.goto('/session');
  const before = await fact(page, 'id');
  await signIn(page, GRACE);
  assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
  await page.goto('/session');
  assert.match(before, /^[0-9a-f]{32}$/);
  assert.match(await fact(page, 'id'), /^[0-9a-f]{32}$/);
  assert.notEqual(await fact(page, 'id'), before);
});

walk('a sign-in ends with the browser, unless it is to be remembered', async ({ context, page }) => {
  await signIn(page, ADA);
  assert.equal((await cookie(context)).expires, -1);
  await page.goto('/session');
  assert.equal(await fact(page, 'persistence'), 'until the browser closes');
  assert.equal(await secondsLeft(page), 12 * 60 * 60);
  await signOut(page);

  await signIn(page, ADA, { remember: true });
  await page.goto('/session');
  assert.equal(await fact(page, 'persistence'), 'outlives the browser');
  assert.equal(await secondsLeft(page), 14 * 24 * 60 * 60);
  const { expires } = await cookie(context);
  const sealed = Date.parse(await fact(page, 'expires')) / 1000;
  assert.ok(Math.abs(expires - sealed) <= 2, `the cookie ends at ${expires}, the session at ${sealed}`);
  assert.equal(await fact(page, 'key'), '1');
  await page.locator('#account summary').click();
  await shoot(page, 'session');
});

async function secondsLeft(page) {
  return (Date.parse(await fact(page, 'expires')) - Date.parse(await fact(page, 'created'))) / 1000;
}

walk('the three steps are filled in one after the other', async ({ page }) => {
  await page.goto('/stamp/3');
  assert.equal(new URL(page.url()).pathname, '/stamp/1');
  await page.getByLabel('Initials').fill('much too long');
  await page.getByRole('button', { name: 'Next' }).click();
  assert.match(await flash(page), /one to three letters/);
  await page.getByLabel('Initials').fill('al');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.goto('/stamp/3');
  assert.equal(new URL(page.url()).pathname, '/stamp/2');
  await page.getByLabel('Olive').check();
  await shoot(page, 'stamp-2');
  await page.getByRole('button', { name: 'Next' }).click();
  assert.equal(await page.locator('.proof').textContent(), 'AL');
  await shoot(page, 'stamp-3');
  await page.goto('/stamp/1');
  assert.equal(await page.getByLabel('Initials').inputValue(), 'AL');
  await page.goto('/stamp/3');
  await page.getByRole('button', { name: 'Order' }).click();
  assert.match(await flash(page), /“AL” is being engraved \(olive wood\)/);
  await page.goto('/stamp/1');
  assert.equal(await page.getByLabel('Initials').inputValue(), '');
});

walk('settings are kept, and what a visitor types stays text', async ({ page }) => {
  const name = '<script>alert(1)</script>&"\'';
  await signIn(page, ADA);
  await page.goto('/settings');
  await page.getByLabel('Dark').check();
  await page.getByLabel('Large').check();
  await page.getByLabel('What shall').fill(name);
  await page.getByRole('button', { name: 'Save' }).click();
  assert.equal(await page.getByLabel('What shall').inputValue(), name);
  assert.equal(await page.locator('script').count(), 0);
  await assertSignedIn(page, name);
  assert.equal(await page.getAttribute('html', 'data-text'), 'large');
  await shoot(page, 'settings-dark');
  await page.goto('/');
  await shoot(page, 'home-dark');
});

walk('signing out removes the cookie, and "back" shows nothing of it', async ({ context, page }) => {
  await signIn(page, ADA);
  const response = await page.goto('/session');
  // Playwright turns off the cache that would show the page as it was left.
  assert.equal(response.headers()['cache-control'], 'no-store');
  await assertSignedIn(page, 'ada');
  await signOut(page);
  await assertSignedOut(page);
  assert.equal(await cookie(context), undefined);
  await page.goBack();
  await assertSignedOut(page);
});

walk('a form from before the sign-in is refused, and changes nothing', async ({ page }) => {
  const stale = await page.context().newPage();
  await stale.goto('/login');
  await signIn(page, ADA);
  await page.goto('/settings');
  await page.getByLabel('What shall').fill('Countess');
  await page.getByRole('button', { name: 'Save' }).click();
  await assertSignedIn(page, 'Countess');
  await stale.getByLabel('Name').fill(GRACE.user);
  await stale.getByLabel('Password').fill(GRACE.password);
  const answer = stale.waitForResponse((response) => response.request().method() === 'POST');
  await stale.getByRole('button', { name: 'Sign in' }).click();
  assert.equal((await answer).status(), 403);
  await page.goto('/');
  await assertSignedIn(page, 'Countess');
});

walk('signing out on every device ends copies too', async ({ context, page }) => {
  await signIn(page, JOAN);
  const thief = await newVisitor(HTTPS_URL);
  await thief.context.addCookies([await cookie(context)]);
  await page.goto('/settings');
  await page.getByRole('button', { name: 'every device' }).click();
  await assertSignedOut(page);
  await thief.page.goto('/');
  await assertSignedOut(thief.page);
  await thief.context.close();
  await signIn(page, JOAN);
  await assertSignedIn(page, 'joan');
});

walk('a copied cookie is the session, also after signing out: as documented', async ({ context, page }) => {
  await signIn(page, ADA);
  const thief = await newVisitor(HTTPS_URL);
  await thief.context.addCookies([await cookie(context)]);
  await thief.page.goto('/');
  await assertSignedIn(thief.page, 'ada');
  await signOut(page);
  await thief.page.goto('/');
  await assertSignedIn(thief.page, 'ada');
  await thief.context.close();
});

/** The pairs of the Cookie header that a response answers. */
async function sent(response) {
  return (await response.request().allHeaders()).cookie.split('; ');
}

walk('a tampered cookie is a signed-out page, not an error', async ({ context, page }) => {
  await signIn(page, ADA);
  const good = await cookie(context);
  const { value } = good;
  const flip = (index) => value.slice(0, index) + (value[index] === 'A' ? 'B' : 'A') + value.slice(index + 1);
  const forged = {
    ...Object.fromEntries([0, 1, 7, 20, 60, value.length - 2].map((index) => [`character ${index}`, flip(index)])),
    truncated: value.slice(0, -1),
    doubled: value + value,
    nonsense: '*******',
    empty: '',
    json: Buffer.from('{"user":"ada"}').toString('base64url'),
  };
  for (const [what, value] of Object.entries(forged)) {
    await context.addCookies([{ ...good, value }]);
    const response = await page.goto('/session');
    assert.equal(response.status(), 200, what);
    assert.ok((await sent(response)).includes(`__Host-session=${value}`), what);
    await assertSignedOut(page);
  }
  await shoot(page, 'tampered');
  await context.addCookies([good]);
  await page.goto('/session');
  await assertSignedIn(page, 'ada');
});

walk('a cookie of one session is none of the other', async ({ context, page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Add to cart' }).first().click();
  const account = await cookie(context);
  const cart = await cookie(context, '__Host-cart');
  await context.addCookies([{ ...account, value: cart.value }, { ...cart, value: account.value }]);
  assert.equal((await page.goto('/session')).status(), 200);
  assert.equal(await page.getByText('No session').count(), 2);
});

walk('an expired cookie is a signed-out page, whatever the browser keeps', async ({ context, page }) => {
  await signIn(page, ADA, { remember: true });
  await assertSignedIn(page, 'ada');
  const { value } = await cookie(context);
  await sleep((SHORT_SECONDS + 1) * 1000);
  assert.equal(await cookie(context), undefined, 'the browser drops it by itself');

  // A browser that ignores Max-Age, and then a server that grants 14 days.
  await context.addCookies([{ name: '__Host-session', value, url: SHORT_URL, httpOnly: true, secure: true, sameSite: 'Lax' }]);
  for (const url of [SHORT_URL, HTTPS_URL]) {
    const response = await page.goto(`${url}/session`);
    assert.equal(response.status(), 200);
    assert.ok((await sent(response)).includes(`__Host-session=${value}`));
    await assertSignedOut(page);
  }
}, SHORT_URL);

walk('every server with the ring has every session', async ({ page }) => {
  await signIn(page, ADA);
  await page.goto(`${SHORT_URL}/session`);
  await assertSignedIn(page, 'ada');
});

walk('another site cannot sign a visitor in or out', async ({ context, page }) => {
  await signIn(page, ADA);
  const elsewhere = 'https://127.0.0.1:1/';
  await context.route(elsewhere, (route) => route.fulfill({
    contentType: 'text/html',
    body: `<form method="post" action="${HTTPS_URL}/logout"><button>Win</button></form>`,
  }));
  await page.goto(elsewhere);
  const answer = page.waitForResponse(`${HTTPS_URL}/logout`);
  await page.getByRole('button').click();
  assert.equal((await answer).status(), 403);
  await page.goto('/');
  await assertSignedIn(page, 'ada');
});

walk('plain HTTP works on localhost, with cookies that say so', async ({ context, page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: 'Add to cart' }).first().click();
  const cookies = await context.cookies();
  assert.deepEqual(cookies.map(({ name }) => name).sort(), ['cart', 'session']);
  for (const { name, httpOnly, secure, sameSite, path, domain } of cookies) {
    assert.deepEqual(
      { httpOnly, secure, sameSite, path, domain },
      { httpOnly: true, secure: false, sameSite: 'Lax', path: '/', domain: 'localhost' },
      name,
    );
  }
  await signIn(page, GRACE, { remember: true });
  await assertSignedIn(page, 'grace');
  assert.match(await flash(page), /came along/);
  assert.equal(await cookie(context, 'cart'), undefined);
  await signOut(page);
  await assertSignedOut(page);
  const left = (await context.cookies()).map(({ name }) => name);
  // What was ended is remembered for a while.
  assert.deepEqual(left.filter((name) => !name.includes('-ended-')), []);
}, PLAIN_URL);
