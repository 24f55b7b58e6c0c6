// Chromium, through Playwright. See ./index.mjs for what a driver does.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const OPTIONS = {
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
};

export async function launch() {
  const browser = await chromium.launch(OPTIONS);
  return {
    async visitor() {
      return visitor(await browser.newContext({ ignoreHTTPSErrors: true }));
    },
    async lasting() {
      const profile = mkdtempSync(join(tmpdir(), 'chromium-'));
      const open = () => chromium.launchPersistentContext(profile, { ...OPTIONS, ignoreHTTPSErrors: true });
      const lasting = await visitor(await open());
      return Object.assign(lasting, {
        async restart() {
          await lasting.context.close();
          Object.assign(lasting, await visitor(await open()), { restart: lasting.restart, close: lasting.close });
        },
        async close() {
          await lasting.context.close();
          rmSync(profile, { recursive: true, force: true });
        },
      });
    },
    close: () => browser.close(),
  };
}

async function visitor(context) {
  const failures = [];
  const watch = (page) => {
    page.on('pageerror', (error) => failures.push(error.message));
    page.on('response', (response) => {
      if (response.status() >= 500) failures.push(`${response.url()} answered ${response.status()}`);
    });
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) failures.push(message.text());
    });
  };
  context.on('page', watch);
  context.pages().forEach(watch);
  let page = context.pages()[0] ?? await context.newPage();
  return {
    context,
    failures,
    goto: (url) => page.goto(url),
    reload: () => page.reload(),
    back: () => page.goBack(),
    url: () => page.url(),
    run: (script, ...args) => page.evaluate(`(${script})(...${JSON.stringify(args)})`),
    click: (xpath) => page.locator(`xpath=${xpath}`).click(),
    type: (xpath, text) => page.locator(`xpath=${xpath}`).fill(text),
    press: (key) => page.keyboard.press(key),
    async cookies() {
      return (await context.cookies(page.url())).map(({ expires, ...cookie }) =>
        ({ ...cookie, expiry: expires === -1 ? undefined : expires }));
    },
    setCookie: ({ expiry, ...cookie }) =>
      context.addCookies([{ sameSite: 'Lax', ...cookie, path: '/', domain: 'localhost', expires: expiry ?? -1 }]),
    tabs: async () => context.pages(),
    async newTab() {
      page = await context.newPage();
      return page;
    },
    tab: async () => page,
    async toTab(tab) {
      page = tab;
      await page.bringToFront();
    },
    resize: (width, height) => page.setViewportSize({ width, height }),
    shoot: (path) => page.screenshot({ path, fullPage: true }),
    close: () => context.close(),
  };
}
