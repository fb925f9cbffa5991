// Looks at the built site in headless Chromium: navigation, search, tabs, anchors, a phone, and no error in the console.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../command.mjs';
import { serve } from './serve.mjs';

const browsers = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const phone = { width: 390, height: 844 };

/** Gives 0, or throws for what is wrong; without a browser, gives the reason. */
export async function browse() {
  const executablePath = browsers.find((file) => file !== undefined && existsSync(file));
  if (executablePath === undefined) return 'there is no Chromium: install it, or name it in CHROMIUM';
  const { chromium } = createRequire(path.join(root, 'site/package.json'))('playwright-core');
  const { address, close } = await serve(path.join(root, 'build/site'));
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    for (const check of [navigates, searches, switchesTabs, findsAnchors, fitsAPhone]) {
      const context = await browser.newContext({ baseURL: address });
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      const errors = [];
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
      page.on('pageerror', (error) => errors.push(String(error)));
      page.on(
        'response',
        (response) => response.status() >= 400 && errors.push(`${response.status()} ${response.url()}`),
      );
      await check(page);
      assert.deepEqual(errors, [], check.name);
      await context.close();
      console.log(`✔ ${check.name}`);
    }
    return 0;
  } finally {
    await browser.close();
    close();
  }
}

async function navigates(page) {
  await page.goto('/');
  assert.equal(await heading(page), 'isolated-workers');
  for (const [link, title] of [
    ['Getting started', 'Getting started'],
    ['A pool', 'A pool'],
    ['Errors', 'Errors'],
    ['API reference', 'API reference'],
  ]) {
    await page.locator('.VPSidebar').getByRole('link', { name: link, exact: true }).click();
    await page.locator('h1', { hasText: title }).first().waitFor();
  }
}

async function searches(page) {
  await page.goto('/guide/getting-started');
  await page.getByRole('button', { name: 'Search' }).first().click();
  await page.locator('#localsearch-input').fill('ERR_QUEUE_TIMEOUT');
  await page.locator('.VPLocalSearchBox .result').first().click();
  await page.locator('.vp-doc', { hasText: 'ERR_QUEUE_TIMEOUT' }).waitFor();
}

async function switchesTabs(page) {
  await page.goto('/guide/pool');
  const group = page.locator('.vp-code-group').first();
  assert.match(await group.locator('.language-ts').innerText(), /MessagesFrom/);
  await group.getByText('JavaScript', { exact: true }).click();
  await group.locator('.language-js').waitFor();
  assert.doesNotMatch(await group.locator('.language-js').innerText(), /MessagesFrom/);
}

async function findsAnchors(page) {
  await page.goto('/guide/lifecycle#retries');
  await page.waitForFunction(() => {
    const top = document.querySelector('#retries')?.getBoundingClientRect().top;
    return top !== undefined && top >= 0 && top < innerHeight / 2;
  });
}

async function fitsAPhone(page) {
  await page.setViewportSize(phone);
  for (const url of ['/', '/guide/getting-started', '/guide/errors', '/guide/pool', '/api/']) {
    await page.goto(url);
    await page.locator('h1').first().waitFor();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= phone.width, `${url} is ${width} pixels wide on a phone`);
  }
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.locator('.VPSidebar.open').waitFor();
}

const heading = async (page) => (await page.locator('h1').first().innerText()).replace(/\u200B/g, '').trim();
