// What Chromium makes of sessions that are bound to a device: it registers, refreshes, and a copy
// of its cookies is signed out in another profile. Started by ./run.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTo, createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { chromium } from 'playwright-core';

const { BOUND_URL, LAPSING_URL, LAPSING_TOO_URL } = process.env;
/** Seconds: the bound cookie's in the browser, and for how much longer it is taken. */
const [LIFETIME, UNDER_WAY] = [20, 60];

/** The hash by which Chromium trusts a certificate. With errors merely ignored it binds nothing. */
function keyHash(url) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port, rejectUnauthorized: false }, () => {
      const key = socket.getPeerX509Certificate().publicKey.export({ type: 'spki', format: 'der' });
      socket.end();
      resolve(createHash('sha256').update(key).digest('base64'));
    }).on('error', reject);
  });
}

async function launch(...urls) {
  const hashes = await Promise.all(urls.map(keyHash));
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting',
      `--ignore-certificate-errors-spki-list=${hashes.join(',')}`],
  });
}

/**
 * One address for several servers, as a site has that shares nothing between them but the ring: each
 * connection reaches the next one, and one that is idle is closed.
 */
async function balance(...urls) {
  const reached = urls.map(() => 0);
  let turn = 0;
  const server = createServer((browser) => {
    const index = turn % urls.length;
    turn += 1;
    reached[index] += 1;
    const { hostname, port } = new URL(urls[index]);
    const upstream = connectTo(port, hostname);
    for (const [socket, other] of [[browser, upstream], [upstream, browser]]) {
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
    }
    browser.setTimeout(1000, () => browser.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(urls[0]);
  url.port = server.address().port;
  return { url: url.origin, reached, close: () => server.close() };
}

async function profile(browser) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const posts = [];
  page.on('response', (response) => {
    if (response.status() >= 500) posts.push(`${response.url()} answered ${response.status()}`);
  });
  return {
    context,
    page,
    failures: posts,
    async signIn(base) {
      await page.goto(`${base}/login`);
      await page.getByLabel(/user|name/i).first().fill('ada');
      await page.getByLabel(/password/i).fill('difference engine');
      await page.locator('main button, form button').filter({ hasText: /sign in/i }).first().click();
    },
    async fact(base, name) {
      await page.goto(`${base}/session`);
      const facts = page.locator(`[data-fact="${name}"]`);
      return (await facts.count()) > 0 ? facts.first().innerText() : '';
    },
    async bound() {
      const cookies = await context.cookies();
      return cookies.find(({ name }) => name.startsWith('__Host-session-bound-'));
    },
  };
}

async function eventually(condition, otherwise, seconds = 10) {
  for (let tries = 0; tries < seconds * 10; tries += 1) {
    if (await condition()) return;
    await sleep(100);
  }
  assert.fail(otherwise);
}

test('Chromium binds a session and refreshes it on two servers, and no copy in another profile outlives the bound cookie', { timeout: 300_000 }, async () => {
  const browser = await launch(LAPSING_URL, LAPSING_TOO_URL);
  const { url, reached, close } = await balance(LAPSING_URL, LAPSING_TOO_URL);
  try {
    const owner = await profile(browser);
    await owner.signIn(url);
    await eventually(() => owner.bound(), 'no bound cookie: Chromium did not register');
    await eventually(async () => (await owner.fact(url, 'bound')).startsWith('yes'), 'the session was not bound');

    // The cookie lapses, and the next page is refreshed before it is asked for.
    const first = (await owner.bound()).value;
    await eventually(async () => !(await owner.bound()), 'the bound cookie does not lapse', LIFETIME + 5);
    assert.match(await owner.fact(url, 'bound'), /^yes/);
    assert.notEqual((await owner.bound())?.value, first, 'it was refreshed');

    // A thief with all cookies, and one with the session's alone.
    const cookies = (await owner.context.cookies()).map((cookie) => ({ ...cookie, expires: -1 }));
    const copied = Date.now();
    const thief = await profile(browser);
    await thief.context.addCookies(cookies);
    assert.match(await thief.fact(url, 'bound'), /^yes/, 'the copy works, for a while');
    const other = await profile(browser);
    await other.context.addCookies(cookies.filter(({ name }) => name === '__Host-session'));
    assert.equal(await other.fact(url, 'bound'), '', 'the session cookie alone is nothing');
    assert.equal(await other.fact(url, 'refusal'), 'bound');

    await sleep(copied + (LIFETIME + UNDER_WAY + 1) * 1000 - Date.now());
    assert.equal(await thief.fact(url, 'bound'), '', 'the copy is signed out');
    assert.equal(await thief.fact(url, 'refusal'), 'bound');
    assert.match(await owner.fact(url, 'bound'), /^yes/, 'the owner is not');
    // It can sign in again, though the copy stands in the way of nothing.
    await thief.signIn(url);
    assert.notEqual(await thief.fact(url, 'bound'), '', 'signed in anew');
    assert.deepEqual([...owner.failures, ...thief.failures, ...other.failures], []);
    assert.ok(reached.every((count) => count > 5), `both servers were used: ${reached}`);
  } finally {
    await browser.close();
    close();
  }
});

test('Chromium comes from another site after the bound cookie has lapsed, and is signed in', { timeout: 120_000 }, async () => {
  const browser = await launch(LAPSING_URL);
  try {
    const owner = await profile(browser);
    await owner.signIn(LAPSING_URL);
    await eventually(() => owner.bound(), 'no bound cookie: Chromium did not register');
    await owner.fact(LAPSING_URL, 'bound');
    await eventually(async () => !(await owner.bound()), 'the bound cookie does not lapse', LIFETIME + 5);
    await owner.page.route('https://elsewhere.example/', (route) =>
      route.fulfill({ contentType: 'text/html', body: `<a href="${LAPSING_URL}/session?from=elsewhere#here">go</a>` }));
    await owner.page.goto('https://elsewhere.example/');
    await owner.page.getByText('go').click();
    await owner.page.locator('[data-fact="bound"]').first().waitFor();
    assert.match(await owner.page.locator('[data-fact="bound"]').first().innerText(), /^yes/);
    // A fragment is lost on the way.
    assert.equal(owner.page.url(), `${LAPSING_URL}/session?from=elsewhere`);
  } finally {
    await browser.close();
  }
});

test('Chromium is told of a sign-out and stops refreshing', { timeout: 120_000 }, async () => {
  const browser = await launch(BOUND_URL);
  try {
    const owner = await profile(browser);
    await owner.signIn(BOUND_URL);
    await eventually(() => owner.bound(), 'no bound cookie: Chromium did not register');
    await owner.fact(BOUND_URL, 'bound');
    await owner.page.locator('button').filter({ hasText: /sign out/i }).first().click();
    await eventually(async () => !(await owner.bound()), 'the bound cookie stays after the sign-out');
    assert.equal(await owner.fact(BOUND_URL, 'bound'), '');
    assert.deepEqual(owner.failures, []);
  } finally {
    await browser.close();
  }
});
