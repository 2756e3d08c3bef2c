/** The inbox in a real browser with nothing in its cache: when it can be worked with, and what was loaded until then. */
import type { BrowserContext, Page, Response } from 'playwright-core';
import { launchBrowser } from '../../mininet/browser.ts';
import type { ConsoleSite } from './console-site.ts';

const FIRST_PAGE = ['document', 'script', 'stylesheet'];
const LIMIT_MS = 30_000;

export interface FirstLook {
  /** From leaving for the page to the first row having the focus after `j` was pressed. */
  readonly interactiveMs: number;
  /** HTML, scripts and styles, as they came over the wire. */
  readonly gzipKb: number;
}

export async function measureFirstLook(site: ConsoleSite, cookie: string): Promise<FirstLook> {
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const [name, value] = cookie.split('=') as [string, string];
    await context.addCookies([{ name, value, url: site.origin, httpOnly: true, sameSite: 'Strict' }]);
    return await look(context, `${site.origin}/inbox`);
  } finally {
    await browser.close();
  }
}

async function look(context: BrowserContext, url: string): Promise<FirstLook> {
  const page = await context.newPage();
  const responses: Response[] = [];
  page.on('response', (response) => {
    if (FIRST_PAGE.includes(response.request().resourceType())) responses.push(response);
  });
  const startedAtMs = performance.now();
  await page.goto(url, { waitUntil: 'commit' });
  await pressUntilFocused(page, startedAtMs + LIMIT_MS);
  const interactiveMs = performance.now() - startedAtMs;
  const sizes = await Promise.all(
    responses.map(async (response) => (await response.request().sizes()).responseBodySize),
  );
  return { interactiveMs, gzipKb: sizes.reduce((sum, size) => sum + size, 0) / 1000 };
}

async function pressUntilFocused(page: Page, untilMs: number): Promise<void> {
  while (performance.now() < untilMs) {
    await page.keyboard.press('j');
    if ((await page.locator('[data-entry]:focus, [data-entry] :focus').count()) > 0) return;
  }
  throw new Error('no row of the inbox ever took the focus');
}
