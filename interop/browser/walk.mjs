// What real browsers make of the demo: the same walk in Chromium, Firefox and WebKitGTK. Started
// by ./run, which serves the demo five times: HTTPS, HTTPS with sign-ins of some seconds, plain
// HTTP, one whose keys change under way, and one that binds sessions to their device.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { request } from 'node:https';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { audit } from './audit.mjs';
import { launch } from './drivers/index.mjs';
import { button, eventually, field, link, walker } from './page.mjs';

const { BROWSER, HTTPS_URL, SHORT_URL, PLAIN_URL, ROTATING_URL, BOUND_URL, SCREENSHOTS } = process.env;
const SHORT_SECONDS = Number(process.env.SHORT_SECONDS);
const ADA = { user: 'ada', password: 'difference engine' };
const GRACE = { user: 'grace', password: 'nanosecond' };
// Her sessions end everywhere, in the one server that knows.
const JOAN = { user: 'joan', password: 'banburismus' };

let browser;

before(async () => { browser = await launch(BROWSER); });
after(() => browser?.close());

// Each walk is a visitor of its own: a fresh cookie store, in which no page may fail.
function walk(name, steps, { base = HTTPS_URL, lasting = false } = {}) {
  test(`${BROWSER}: ${name}`, { timeout: 600_000 }, async () => {
    const visitor = walker(lasting ? await browser.lasting() : await browser.visitor(), base);
    try {
      await visitor.visit('/style.css');
      await steps(visitor);
      assert.deepEqual(visitor.failures, []);
    } finally {
      await visitor.close();
    }
  });
}

const look = (visitor, name) =>
  audit(visitor, name, { folder: `${SCREENSHOTS}/${BROWSER}` });

const names = async (visitor) => (await visitor.cookies()).map(({ name }) => name).sort();
/** What was ended is remembered for a while. */
const isTombstone = (name) => name.includes('-ended-');
const add = (visitor, item) => visitor.submit(button(`Add to cart: ${item}`));

/** A thief who has a copy of a cookie. */
function withCookie(base, path, { name, value }) {
  return new Promise((resolve, reject) => {
    const options = { rejectUnauthorized: false, headers: { cookie: `${name}=${value}` } };
    request(new URL(path, base), options, (response) => {
      let page = '';
      response.setEncoding('utf8').on('data', (text) => { page += text; }).on('end', () => resolve(page));
    }).on('error', reject).end();
  });
}

async function assertAttributes(visitor, name, expected) {
  const { httpOnly, secure, sameSite, path, domain } = await visitor.cookie(name);
  // A Domain attribute would show as a leading dot.
  assert.deepEqual(
    { httpOnly, secure, path, domain, ...(sameSite && { sameSite }) },
    { path: '/', domain: 'localhost', ...(sameSite && { sameSite: 'Lax' }), ...expected },
    name,
  );
}

walk('a visitor who only looks gets no cookie', async (visitor) => {
  for (const path of ['/', '/cart', '/looks', '/stamp/1', '/session', '/cookies', '/operator', '/signed-out', '/nowhere']) {
    await visitor.visit(path);
    await look(visitor, `guest${path.replaceAll('/', '-')}`);
  }
  assert.deepEqual(await visitor.cookies(), []);
  // The sign-in form has a token, and the token a session.
  await visitor.visit('/settings');
  assert.equal(await visitor.path(), '/login?next=/settings');
  await look(visitor, 'guest-login');
  assert.deepEqual(await names(visitor), ['__Host-session']);
});

walk('no page of a customer has a finding, in the dark theme and with large text either', async (visitor) => {
  await visitor.visit('/');
  await add(visitor, 'Carmine');
  await visitor.signIn(ADA);
  await look(visitor, 'cart');
  for (const theme of ['light', 'dark']) {
    if (theme === 'dark') {
      await visitor.visit('/looks');
      await visitor.click(field('Dark'));
      await visitor.click(field('Large'));
      await visitor.submit(button('Save'));
      assert.equal(await visitor.attribute('html', 'data-theme'), 'dark');
      assert.equal(await visitor.attribute('html', 'data-text'), 'large');
      await look(visitor, 'looks-dark');
    }
    for (const path of ['/', '/cart', '/settings', '/session', '/devices', '/devices/end-all', '/cookies', '/operator', '/stamp/1']) {
      if (theme === 'light' && ['/', '/cart', '/stamp/1'].includes(path)) continue;
      await visitor.visit(path);
      await look(visitor, `customer${path.replaceAll('/', '-')}-${theme}`);
    }
  }
});

walk('the store has the cookies as __Host-, HttpOnly, Secure, SameSite=Lax, Path=/, without Domain', async (visitor) => {
  await visitor.visit('/');
  await add(visitor, 'Carmine');
  await visitor.visit('/cart');
  assert.deepEqual(await names(visitor), ['__Host-cart', '__Host-session']);
  await assertAttributes(visitor, '__Host-session', { httpOnly: true, secure: true });
  await assertAttributes(visitor, '__Host-cart', { httpOnly: true, secure: true });
});

walk('script can neither read nor replace the sealed cookies, and reads the theme', async (visitor) => {
  await visitor.signIn(ADA);
  const { value } = await visitor.cookie();
  assert.equal(await visitor.run('() => document.cookie'), '');
  await visitor.run('() => { document.cookie = "__Host-session=forged; Secure; Path=/"; }');
  assert.equal((await visitor.cookie()).value, value);
  await visitor.visit('/looks');
  await visitor.click(field('Dark'));
  await visitor.submit(button('Save'));
  // WebKit shows a script what that script wrote, though its store has refused it.
  const seen = await visitor.run('() => document.cookie.split("; ")');
  assert.deepEqual(seen.filter((pair) => pair !== '__Host-session=forged').sort(), ['text=normal', 'theme=dark']);
  await assertAttributes(visitor, 'theme', { httpOnly: false, secure: true });
  await visitor.assertSignedIn('ada');
});

walk('declining statistics leaves sign-in, cart and forms as they are, and agreeing adds one cookie', async (visitor) => {
  await visitor.visit('/');
  await visitor.submit(button('No, do not count'));
  assert.deepEqual(await names(visitor), ['consent'], 'and no session');
  await assertAttributes(visitor, 'consent', { httpOnly: false, secure: true });
  assert.equal(await visitor.text('.consent'), null, 'nobody is asked twice');
  await add(visitor, 'Carmine');
  await visitor.signIn(ADA);
  await visitor.assertSignedIn('ada');
  assert.match((await visitor.texts('.lines strong')).join(), /Carmine/);
  await visitor.visit('/settings');
  await visitor.type(field('What shall'), 'Countess');
  await visitor.submit(button('Save'));
  await visitor.assertSignedIn('Countess');
  assert.ok(!(await names(visitor)).includes('visits'));

  await visitor.visit('/cookies');
  await visitor.submit(button('Yes, count'));
  await visitor.visit('/');
  await assertAttributes(visitor, 'visits', { httpOnly: true, secure: true });
  await visitor.visit('/cookies');
  // The page names whatever is in the store.
  const listed = await visitor.texts('[data-cookie] h2 code');
  for (const name of await names(visitor)) {
    assert.ok(listed.includes(isTombstone(name) ? '__Host-session-ended-…' : name), name);
  }
  await visitor.submit(button('No, do not count'));
  assert.ok(!(await names(visitor)).includes('visits'));
  await visitor.assertSignedIn('Countess');
});

walk('a flash message is shown once', async (visitor) => {
  await visitor.signIn(ADA);
  assert.match(await visitor.flash(), /Welcome, ada/);
  await visitor.reload();
  assert.equal(await visitor.flash(), null);
});

walk('an error stands beside its field, which has the focus and what was typed', async (visitor) => {
  await visitor.signIn({ user: 'ada', password: 'wrong' });
  await visitor.assertSignedOut();
  assert.equal(await visitor.value('[name=user]'), 'ada');
  assert.equal(await visitor.value('[name=password]'), '');
  assert.equal((await visitor.focused()).name, 'password');
  assert.equal(await visitor.attribute('[name=password]', 'aria-invalid'), 'true');
  const described = await visitor.attribute('[name=password]', 'aria-describedby');
  assert.match(await visitor.text(`#${described}`), /do not match/);
  await look(visitor, 'login-refused');

  await visitor.visit('/');
  await add(visitor, 'Amber');
  await visitor.visit('/cart');
  await visitor.type(field('How many of Amber'), 'many');
  await visitor.submit(button('Update Amber'));
  assert.equal(await visitor.value('[name=count]'), 'many');
  assert.equal((await visitor.focused()).name, 'count');
  assert.match(await visitor.text('.problem'), /0 to 99/);
  await look(visitor, 'cart-refused');
  await visitor.type(field('How many of Amber'), '3');
  await visitor.submit(button('Update Amber'));
  assert.equal(await visitor.text('.total strong'), '€ 16.80');
  await visitor.submit(button('Remove Amber'));
  assert.match(await visitor.text('main'), /It is empty/);
});

walk('the keyboard alone signs in, and no hidden field is in its way', async (visitor) => {
  await visitor.visit('/login');
  const stops = [];
  const tabTo = async (isIt) => {
    for (let presses = 0; presses < 40; presses++) {
      await visitor.press('Tab');
      const focused = await visitor.focused();
      stops.push(focused);
      if (isIt(focused)) return;
    }
    assert.fail(`not reached: ${JSON.stringify(stops)}`);
  };
  const typed = async (text) => { for (const key of text) await visitor.press(key); };
  await tabTo(({ text }) => text === 'Skip to the content');
  await tabTo(({ name }) => name === 'user');
  await typed(GRACE.user);
  await tabTo(({ name }) => name === 'password');
  await typed(GRACE.password);
  await visitor.run('() => { window.isOld = true; }');
  await tabTo(({ tag, text }) => tag === 'button' && text === 'Sign in');
  assert.ok(stops.every(({ type }) => type !== 'hidden'), JSON.stringify(stops));
  await visitor.press('Enter');
  await eventually(() => visitor.run('() => !window.isOld && !!document.querySelector(".who")'), 'nobody signed in');
  await visitor.assertSignedIn('grace');
});

walk('the guest’s cart comes along at sign-in, and its cookie goes', async (visitor) => {
  await visitor.signIn(JOAN);
  await visitor.visit('/');
  await add(visitor, 'Carmine');
  assert.equal(await visitor.cookie('__Host-cart'), undefined);
  await visitor.signOut();
  await visitor.visit('/');
  for (const item of ['Carmine', 'Amber', 'Amber']) await add(visitor, item);
  await visitor.visit('/cart');
  assert.ok(await visitor.cookie('__Host-cart'));
  await visitor.signIn(JOAN);
  assert.equal(await visitor.path(), '/cart');
  assert.match(await visitor.flash(), /3 items in your cart came along/);
  assert.deepEqual(await visitor.run('() => [...document.querySelectorAll("[name=count]")].map((each) => each.value)'), ['2', '2']);
  assert.equal(await visitor.cookie('__Host-cart'), undefined);
  await visitor.submit(button('Remove Amber'));
  await visitor.submit(button('Order'));
  assert.match(await visitor.flash(), /Ordered: 2/);
});

walk('signing in changes id and family, and keeps a guest’s half-filled form', async (visitor) => {
  await visitor.visit('/stamp/1');
  await visitor.type(field('Initials'), 'gh');
  await visitor.submit(button('Next'));
  await visitor.visit('/session');
  const before = [await visitor.fact('id'), await visitor.fact('family')];
  await visitor.signIn(GRACE);
  await visitor.visit('/session');
  for (const [index, name] of ['id', 'family'].entries()) {
    assert.match(await visitor.fact(name), /^[0-9a-f]{16,32}$/);
    assert.notEqual(await visitor.fact(name), before[index]);
  }
  await visitor.visit('/stamp/1');
  assert.equal(await visitor.value('[name=initials]'), 'GH');
});

walk('the session page draws the value that the browser has, and holds it back', async (visitor) => {
  await visitor.signIn(ADA);
  await visitor.visit('/');
  await visitor.visit('/session');
  const bytes = Buffer.from((await visitor.cookie()).value, 'base64url');
  const [version, key, nonce, ciphertext, tag] = await visitor.texts('#account .anatomy dd code');
  const hex = (from, to) => [...bytes.subarray(from, to)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  assert.deepEqual([version, key, nonce], [hex(0, 1), hex(1, 5), hex(5, 29)]);
  assert.equal(ciphertext, `${hex(29, 35)} …`);
  assert.equal(tag, `${hex(bytes.length - 16, bytes.length - 10)} …`);
  const { value } = await visitor.cookie();
  assert.ok(!(await visitor.run('() => document.documentElement.outerHTML')).includes(value.slice(-16)));
});

async function secondsLeft(visitor) {
  return (Date.parse(await visitor.fact('expires')) - Date.parse(await visitor.fact('created'))) / 1000;
}

walk('a sign-in ends with the browser, unless it is to be remembered', async (visitor) => {
  await visitor.signIn(ADA);
  assert.equal((await visitor.cookie()).expiry, undefined);
  await visitor.visit('/session');
  assert.equal(await visitor.fact('persistence'), 'until the browser closes');
  assert.equal(await secondsLeft(visitor), 12 * 60 * 60);
  await visitor.signOut();

  await visitor.signIn(ADA, { remember: true });
  await visitor.visit('/session');
  assert.equal(await visitor.fact('persistence'), 'outlives the browser');
  assert.equal(await secondsLeft(visitor), 14 * 24 * 60 * 60);
  const { expiry } = await visitor.cookie();
  const sealed = Date.parse(await visitor.fact('expires')) / 1000;
  assert.ok(Math.abs(expiry - sealed) <= 2, `the cookie ends at ${expiry}, the session at ${sealed}`);
});

walk('a restart of the browser ends a sign-in, unless it is to be remembered', async (visitor) => {
  await visitor.signIn(ADA);
  await visitor.assertSignedIn('ada');
  await visitor.restart();
  await visitor.visit('/');
  await visitor.assertSignedOut();
  await visitor.signIn(ADA, { remember: true });
  // Chromium writes its store to the disk every now and then.
  await sleep(1000);
  await visitor.restart();
  await visitor.visit('/');
  await visitor.assertSignedIn('ada');
}, { lasting: true });

walk('the three steps are filled in one after the other', async (visitor) => {
  await visitor.visit('/stamp/3');
  assert.equal(await visitor.path(), '/stamp/1');
  await visitor.type(field('Initials'), 'too long');
  await visitor.submit(button('Next'));
  assert.match(await visitor.text('.problem'), /Only letters|one to three letters/);
  assert.equal(await visitor.value('[name=initials]'), 'too long');
  await visitor.type(field('Initials'), 'al');
  await visitor.submit(button('Next'));
  await visitor.visit('/stamp/3');
  assert.equal(await visitor.path(), '/stamp/2');
  await visitor.submit(button('Next'));
  assert.match(await visitor.text('.problem') ?? '', /Choose a handle/);
  await look(visitor, 'stamp-2-refused');
  await visitor.click(field('Olive'));
  await visitor.submit(button('Next'));
  assert.equal(await visitor.text('.proof'), 'AL');
  await look(visitor, 'stamp-3');
  await visitor.submit(button('Order'));
  assert.match(await visitor.flash(), /“AL” is being engraved \(olive wood\)/);
  await visitor.visit('/stamp/1');
  assert.equal(await visitor.value('[name=initials]'), '');
});

walk('what a visitor types stays text', async (visitor) => {
  const name = '<script>alert(1)</script>&"\'';
  await visitor.signIn(ADA, { next: '/login?next=/settings' });
  assert.equal(await visitor.path(), '/settings');
  await visitor.type(field('What shall'), name);
  await visitor.submit(button('Save'));
  assert.equal(await visitor.value('[name=nickname]'), name);
  assert.equal(await visitor.run('() => document.querySelectorAll("script:not([src])").length'), 0);
  await visitor.assertSignedIn(name);
  await look(visitor, 'long-name');
});

for (const [where, base] of [['over HTTPS', HTTPS_URL], ['over plain HTTP', PLAIN_URL]]) {
  walk(`signing out removes the cookie, and "back" shows nothing of it, ${where}`, async (visitor) => {
    const name = base === PLAIN_URL ? 'session' : '__Host-session';
    await visitor.signIn(ADA);
    await visitor.visit('/session');
    await visitor.assertSignedIn('ada');
    await visitor.signOut();
    await visitor.assertSignedOut();
    assert.equal(await visitor.cookie(name), undefined);
    await look(visitor, 'signed-out');
    await visitor.back();
    await eventually(async () => (await visitor.path()) === '/session', 'it did not go back');
    await eventually(async () => (await visitor.text('main h1')) && (await visitor.text('.who')) === null, '"back" shows who was signed in');
  }, { base });
}

walk('a second sign-in in another tab is a page of the shop, and changes nothing', async (visitor) => {
  const first = await visitor.tab();
  const second = await visitor.newTab();
  await visitor.visit('/login');
  await visitor.toTab(first);
  await visitor.signIn(ADA);
  await visitor.toTab(second);
  await visitor.signIn(GRACE, { next: null });
  assert.equal(await visitor.text('h1'), 'You are signed in already');
  await visitor.assertSignedIn('ada');
  await look(visitor, 'signed-in-already');
});

walk('a form from before another sign-in keeps what was typed, and is sent with one click', async (visitor) => {
  const first = await visitor.tab();
  await visitor.signIn(ADA, { next: '/login?next=/settings' });
  const second = await visitor.newTab();
  await visitor.visit('/settings');
  await visitor.signOut();
  await visitor.signIn(ADA);
  await visitor.toTab(first);
  await visitor.type(field('What shall'), 'Countess');
  await visitor.submit(button('Save'));
  assert.equal(await visitor.value('[name=nickname]'), 'Countess');
  assert.match(await visitor.flash(), /nothing was changed/);
  await look(visitor, 'settings-stale');
  await visitor.assertSignedIn('ada');
  await visitor.submit(button('Save'));
  await visitor.assertSignedIn('Countess');
  await visitor.toTab(second);
});

walk('an answer that comes after the sign-out brings nobody back', async (visitor) => {
  const shop = await visitor.tab();
  // It takes four seconds, in which a busy machine may not come to sign out. Then it sets no cookie.
  for (let attempt = 1; ; attempt++) {
    await visitor.signIn(ADA);
    await visitor.visit('/session');
    await visitor.click(button('Start a slow answer'));
    // Not every driver tells of the new tab before it has its answer.
    await sleep(1000);
    await visitor.toTab(shop);
    await visitor.signOut();
    const isLate = await eventually(async () => await visitor.cookie(), 'no answer came', 6).then(() => true, () => false);
    if (isLate) break;
    assert.ok(attempt < 3, 'no answer came after the sign-out');
  }
  for (const path of ['/', '/session']) {
    await visitor.visit(path);
    await visitor.assertSignedOut();
  }
  assert.equal(await visitor.fact('refusal'), 'ended');
  await visitor.signIn(GRACE);
  await visitor.assertSignedIn('grace');
});

walk('a device is signed out from another', async (visitor) => {
  await visitor.signIn(GRACE);
  const copy = await visitor.cookie();
  assert.match(await withCookie(HTTPS_URL, '/', copy), /Sign out/);
  await visitor.signOut();
  // As documented: signing out ends nothing that somebody copied before.
  assert.match(await withCookie(HTTPS_URL, '/', copy), /Sign out/);
  await visitor.signIn(GRACE);
  await visitor.visit('/devices');
  await look(visitor, 'devices-one-has-left');
  await visitor.submit('(//li[contains(., "signed out there")]//button)[1]');
  assert.match(await visitor.flash(), /is signed out/);
  assert.doesNotMatch(await withCookie(HTTPS_URL, '/', copy), /Sign out/);
  await visitor.assertSignedIn('grace');
});

walk('signing out on every device asks first, and ends copies too', async (visitor) => {
  await visitor.signIn(JOAN);
  const copy = await visitor.cookie();
  await visitor.visit('/devices');
  await visitor.submit(link('Sign out on every device'));
  await visitor.assertSignedIn('joan');
  await visitor.submit(button('Sign out everywhere'));
  await visitor.assertSignedOut();
  assert.doesNotMatch(await withCookie(HTTPS_URL, '/', copy), /Sign out/);
  await visitor.signIn(JOAN);
  await visitor.assertSignedIn('joan');
});

walk('a rotation under way is noticed by nobody', async (visitor) => {
  await visitor.signIn(ADA, { next: '/login?next=/settings' });
  const form = await visitor.tab();
  await visitor.newTab();
  await visitor.visit('/session');
  const before = Number(await visitor.fact('key'));
  await visitor.visit('/operator');
  await visitor.submit(button('Rotate now'));
  assert.match(await visitor.flash(), new RegExp(`Key ${before + 1} seals`));
  await visitor.visit('/session');
  assert.equal(Number(await visitor.fact('key')), before + 1);
  // A form of before has its token under the old key.
  await visitor.toTab(form);
  await visitor.type(field('What shall'), 'Countess');
  await visitor.submit(button('Save'));
  await visitor.assertSignedIn('Countess');
  assert.match(await visitor.flash(), /Settings saved/);
}, { base: ROTATING_URL });

walk('the operator’s page refreshes itself where that was asked for', async (visitor) => {
  await visitor.visit('/operator');
  await visitor.run('() => { window.isOld = true; }');
  await sleep(6000);
  assert.equal(await visitor.run('() => window.isOld === true'), true, 'not by itself');
  await visitor.submit(link('Refresh it every 5 seconds'));
  await visitor.run('() => { window.isOld = true; }');
  await eventually(() => visitor.run('() => !window.isOld'), 'it did not', 15);
  await visitor.submit(link('Stop'));
});

walk('a tampered cookie is a signed-out page, not an error', async (visitor) => {
  await visitor.signIn(ADA);
  const good = await visitor.cookie();
  const { value } = good;
  const flip = (index) => value.slice(0, index) + (value[index] === 'A' ? 'B' : 'A') + value.slice(index + 1);
  const forged = {
    ...Object.fromEntries([0, 1, 7, 20, 60, value.length - 2].map((index) => [`character ${index}`, flip(index)])),
    truncated: value.slice(0, -1),
    doubled: value + value,
    nonsense: '*******',
    json: Buffer.from('{"user":"ada"}').toString('base64url'),
  };
  for (const [what, value] of Object.entries(forged)) {
    await visitor.setCookie({ ...good, value });
    assert.equal((await visitor.cookie()).value, value, what);
    await visitor.visit('/session');
    await visitor.assertSignedOut();
    assert.match(await visitor.fact('refusal') ?? '', /malformed|not_authentic|unknown_key|unsupported_version/, what);
  }
  await look(visitor, 'tampered');
  await visitor.setCookie(good);
  await visitor.visit('/session');
  await visitor.assertSignedIn('ada');
});

walk('a cookie of one session is none of the other', async (visitor) => {
  await visitor.visit('/');
  await add(visitor, 'Carmine');
  const account = await visitor.cookie();
  const cart = await visitor.cookie('__Host-cart');
  await visitor.setCookie({ ...account, value: cart.value });
  await visitor.setCookie({ ...cart, value: account.value });
  await visitor.visit('/session');
  assert.equal(await visitor.fact('refusal'), 'not_authentic');
  assert.equal(await visitor.fact('refusal', '#guest'), 'not_authentic');
});

walk('who is signed out by time is told, and goes on where they were', async (visitor) => {
  await visitor.signIn(ADA, { next: '/login?next=/settings' });
  const { value } = await visitor.cookie();
  await sleep((SHORT_SECONDS + 1) * 1000);
  assert.equal((await visitor.cookie()).value, value, 'the browser still has it');
  await visitor.type(field('What shall'), 'Countess');
  await visitor.submit(button('Save'));
  assert.match(await visitor.flash(), /You have been signed out/);
  await visitor.assertSignedOut();
  // No time to look at this page: a guest's session ends as soon here.
  await visitor.signIn(ADA, { next: null });
  assert.equal(await visitor.path(), '/settings');
  assert.equal(await visitor.value('[name=nickname]'), 'Countess');
  await visitor.submit(button('Save'));
  await visitor.assertSignedIn('Countess');

  // What is only looked at says it, too, also on a server that grants 14 days.
  await sleep((SHORT_SECONDS + 1) * 1000);
  for (const base of [SHORT_URL, HTTPS_URL]) {
    await visitor.goto(`${base}/`);
    assert.match(await visitor.flash(), /You have been signed out/);
  }
  await look(visitor, 'signed-out-by-time');
  await visitor.submit(button('Go on as a guest'));
  assert.equal(await visitor.flash(), null);
  assert.deepEqual((await names(visitor)).filter((name) => !isTombstone(name)), []);
}, { base: SHORT_URL });

walk('the browser drops an expired cookie by itself', async (visitor) => {
  await visitor.signIn(ADA, { remember: true });
  await visitor.assertSignedIn('ada');
  await sleep((SHORT_SECONDS + 1) * 1000);
  await visitor.visit('/session');
  await visitor.assertSignedOut();
  assert.equal(await visitor.fact('refusal'), null, 'no cookie came');
  // A store may keep it for a while, and not send it.
  const left = await visitor.cookie();
  assert.ok(!left || left.expiry * 1000 < Date.now());
}, { base: SHORT_URL });

walk('every server with the ring has every session', async (visitor) => {
  await visitor.signIn(ADA);
  await visitor.goto(`${SHORT_URL}/session`);
  await visitor.assertSignedIn('ada');
});

walk('a browser that cannot bind a session to its device goes without', async (visitor) => {
  await visitor.signIn(ADA, { next: '/login?next=/session' });
  assert.equal(await visitor.fact('bound'), 'no: this browser has not bound it');
  await visitor.visit('/cookies');
  assert.ok((await visitor.texts('[data-cookie] h2 code')).includes('__Host-session-bound-…'));
  await visitor.assertSignedIn('ada');
}, { base: BOUND_URL });

walk('another site cannot sign a visitor out', async (visitor) => {
  const site = createServer((_, response) => response.setHeader('content-type', 'text/html')
    .end(`<title>Win</title><form method="post" action="${HTTPS_URL}/logout"><button>Win</button></form>`));
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
  try {
    await visitor.signIn(ADA);
    await visitor.goto(`http://127.0.0.1:${site.address().port}/`);
    await visitor.submit(button('Win'));
    assert.equal(await visitor.text('h1'), 'That came from another site');
    await visitor.visit('/');
    await visitor.assertSignedIn('ada');
  } finally {
    site.close();
    site.closeAllConnections();
  }
});

walk('plain HTTP works on localhost, with cookies that say so', async (visitor) => {
  await visitor.visit('/');
  await add(visitor, 'Carmine');
  assert.deepEqual(await names(visitor), ['cart', 'session']);
  for (const name of ['cart', 'session']) await assertAttributes(visitor, name, { httpOnly: true, secure: false });
  await visitor.signIn(GRACE, { remember: true });
  await visitor.assertSignedIn('grace');
  assert.match(await visitor.flash(), /came along/);
  assert.equal(await visitor.cookie('cart'), undefined);
  await visitor.signOut();
  await visitor.assertSignedOut();
  assert.deepEqual((await names(visitor)).filter((name) => !isTombstone(name)), []);
}, { base: PLAIN_URL });
