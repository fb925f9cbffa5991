// Looks at the built site in headless Chromium: navigation, search, tabs, anchors, a phone, and no error in the console.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../command.mjs';
import { serve } from './serve.mjs';

const browsers = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const site = path.join(root, 'build/site');
const phone = { width: 390, height: 844 };

/** Gives 0, or throws for what is wrong; without a browser, gives the reason. */
export async function browse() {
  const executablePath = browsers.find((file) => file !== undefined && existsSync(file));
  if (executablePath === undefined) return 'there is no Chromium: install it, or name it in CHROMIUM';
  const { chromium } = createRequire(path.join(root, 'site/package.json'))('playwright-core');
  const { address, close } = await serve(site);
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
  const wide = [];
  for (const url of urlsBelow(site)) {
    await page.goto(url);
    await page.locator('h1').first().waitFor();
    const { width, widest } = await page.evaluate(measureWidth);
    if (width > phone.width) wide.push(`${url} is ${width} pixels wide on a phone because of ${widest}`);
  }
  assert.deepEqual(wide, []);
  await page.goto('/');
  await page.getByRole('button', { name: 'Menu' }).click();
  await page.locator('.VPSidebar.open').waitFor();
}

/** Runs in the page: its width, and the beginning of the last element that widens it. */
function measureWidth() {
  const scrolls = (element) =>
    element !== null && (getComputedStyle(element).overflowX !== 'visible' || scrolls(element.parentElement));
  const over = [...document.querySelectorAll('.vp-doc *')].filter(
    (each) => each.getBoundingClientRect().right > innerWidth && !scrolls(each.parentElement),
  );
  return { width: document.documentElement.scrollWidth, widest: over.at(-1)?.outerHTML.slice(0, 120) };
}

/** The addresses of all pages of the built site, without the page for what is missing. */
function urlsBelow(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.html') && file !== '404.html')
    .map((file) => `/${file.replaceAll(path.sep, '/').replace(/(^|(?<=\/))index\.html$|\.html$/, '')}`)
    .toSorted();
}

const heading = async (page) => (await page.locator('h1').first().innerText()).replace(/\u200B/g, '').trim();
