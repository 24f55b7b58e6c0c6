// Firefox and WebKitGTK, through W3C WebDriver and nothing but `fetch`. See ./index.mjs for what
// a driver does.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const KEYS = { Tab: '\uE004', Enter: '\uE007' };
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

const BROWSERS = {
  firefox: {
    command: (port) => ['geckodriver', '--port', port, '--log', 'fatal'],
    prepare(profile) {
      const preferences = {
        'browser.sessionstore.resume_from_crash': false,
        'toolkit.legacyUserProfileCustomizations.stylesheets': true,
      };
      const lines = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${value});\n`);
      writeFileSync(join(profile, 'user.js'), lines.join(''));
      // Its own window is never narrower than 450 px, by a rule of this sheet's kind.
      mkdirSync(join(profile, 'chrome'));
      writeFileSync(join(profile, 'chrome', 'userChrome.css'), ':root { min-width: 0 !important; }\n');
    },
    capabilities: (profile) => ({
      'moz:firefoxOptions': { binary: '/usr/bin/firefox-esr', args: ['-headless', '-profile', profile] },
    }),
    screenshot: 'moz/screenshot/full',
  },
  webkit: {
    // It has no headless mode: ../run gives it a display.
    command: (port) => ['WebKitWebDriver', `--port=${port}`],
    prepare() {},
    capabilities: (profile) => ({
      'webkitgtk:browserOptions': { binary: fileURLToPath(new URL('webkitgtk.py', import.meta.url)), args: [profile] },
    }),
    screenshot: 'screenshot',
  },
};

export async function launch(name) {
  const browser = BROWSERS[name];
  const port = await freePort();
  const [command, ...args] = browser.command(String(port));
  const driver = spawn(command, args, { stdio: 'ignore' });
  driver.on('error', (error) => console.error(`${command}: ${error.message}`));
  const base = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${base}/status`)).ok, `${command} does not answer`);

  async function begin(profile) {
    const capabilities = {
      alwaysMatch: { acceptInsecureCerts: true, pageLoadStrategy: 'normal', ...browser.capabilities(profile) },
    };
    const { sessionId } = await call(`${base}/session`, 'POST', { capabilities });
    const session = `${base}/session/${sessionId}`;
    await call(`${session}/timeouts`, 'POST', { script: 60_000, pageLoad: 60_000, implicit: 0 });
    return session;
  }

  const profiles = [];
  function newProfile() {
    const profile = mkdtempSync(join(tmpdir(), `${name}-`));
    profiles.push(profile);
    browser.prepare(profile);
    return profile;
  }

  // A driver has one session at a time, and to begin one takes seconds: a visitor who needs
  // no profile gets the last one's browser with its cookies removed.
  let shared;
  return {
    async visitor() {
      shared ??= await begin(newProfile());
      const visitor = visitorOf(() => shared, browser);
      return Object.assign(visitor, {
        async close() {
          for (const tab of (await visitor.tabs()).slice(1)) {
            await visitor.toTab(tab);
            await call(`${shared}/window`, 'DELETE');
          }
          await visitor.toTab((await visitor.tabs())[0]);
          await call(`${shared}/cookie`, 'DELETE');
        },
      });
    },
    async lasting() {
      if (shared) await call(shared, 'DELETE');
      shared = undefined;
      const profile = newProfile();
      let session = await begin(profile);
      return Object.assign(visitorOf(() => session, browser), {
        async restart() {
          await call(session, 'DELETE');
          session = await begin(profile);
        },
        close: () => call(session, 'DELETE'),
      });
    },
    async close() {
      if (shared) await call(shared, 'DELETE').catch(() => {});
      driver.kill();
      // A browser may still be writing.
      for (const profile of profiles) rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function visitorOf(session, browser) {
  const post = (path, body = {}) => call(`${session()}/${path}`, 'POST', body);
  const get = (path) => call(`${session()}/${path}`, 'GET');
  /** The rest of the window, in which no page is. */
  let frame = [0, 0];
  const find = async (xpath) =>
    (await post('element', { using: 'xpath', value: xpath }))[ELEMENT];
  return {
    failures: [],
    goto: (url) => post('url', { url }),
    reload: () => post('refresh'),
    back: () => post('back'),
    url: () => get('url'),
    async run(script, ...args) {
      const answer = await post('execute/async', {
        script: `const done = arguments[arguments.length - 1];
          Promise.resolve().then(() => (${script})(...Array.from(arguments).slice(0, -1)))
            .then((value) => done({ value }), (error) => done({ error: String(error) }));`,
        args,
      });
      if (answer.error) throw new Error(answer.error);
      return answer.value;
    },
    async click(xpath) {
      await post(`element/${await find(xpath)}/click`);
    },
    async type(xpath, text) {
      const element = await find(xpath);
      await post(`element/${element}/clear`);
      if (text) await post(`element/${element}/value`, { text });
    },
    async press(key) {
      const value = KEYS[key] ?? key;
      const actions = [{ type: 'keyDown', value }, { type: 'keyUp', value }];
      await post('actions', { actions: [{ type: 'key', id: 'keyboard', actions }] });
    },
    cookies: () => get('cookie'),
    // The site is the page's.
    setCookie: ({ name, value, secure, httpOnly, expiry }) =>
      post('cookie', { cookie: { name, value, secure, httpOnly, sameSite: 'Lax', path: '/', ...(expiry && { expiry: Math.floor(expiry) }) } }),
    tabs: () => get('window/handles'),
    tab: () => get('window'),
    async newTab() {
      const { handle } = await post('window/new', { type: 'tab' });
      await post('window', { handle });
      return handle;
    },
    toTab: (handle) => post('window', { handle }),
    async resize(width, height) {
      const until = Date.now() + 10_000;
      do {
        await post('window/rect', { width: width + frame[0], height: height + frame[1] });
        // The page learns of it later than the window, by a moment or, on a busy machine, by more.
        let shown;
        for (let look = 0; look < 10; look++) {
          shown = await this.run('() => [innerWidth, innerHeight, outerWidth - innerWidth, outerHeight - innerHeight]');
          if (shown[0] === width && shown[1] === height) return;
          await new Promise((resolve) => setTimeout(resolve, 20 * look));
        }
        frame = shown.slice(2);
      } while (Date.now() < until);
    },
    async shoot(path) {
      // WebKitGTK paints no tab that is behind another, and would wait for it.
      if (await this.run('() => document.visibilityState') !== 'visible') return;
      // It paints later than it lays out, and the picture would be of the size before.
      await new Promise((resolve) => setTimeout(resolve, 150));
      writeFileSync(path, Buffer.from(await get(browser.screenshot), 'base64'));
    },
  };
}

async function call(url, method, body) {
  const response = await fetch(url, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
}

async function until(condition, otherwise) {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await condition().catch(() => false)) return;
    await sleep(50);
  }
  throw new Error(otherwise);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
