/** Somebody who sits before the console: a browser of his own, what he does with it, and what went wrong in it. */
import axe from 'axe-core';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { CONSOLE_ORIGIN } from './console-world.ts';

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const PATIENCE_MS = 15_000;

export const WIDE = { width: 1280, height: 800 } as const;
export const NARROW = { width: 390, height: 844 } as const;

export interface Looks {
  readonly theme?: 'light' | 'dark';
  readonly size?: typeof WIDE | typeof NARROW;
}

/** A fault that axe found, and where. */
export interface AxeFault {
  readonly rule: string;
  readonly places: readonly string[];
}

export class Visit {
  readonly page: Page;
  /** What the page wrote as an error, refused by its policy or threw, and dialogs that opened by themselves. */
  readonly faults: string[] = [];
  readonly #context: BrowserContext;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on('pageerror', (error) => this.faults.push(error.message));
    page.on('dialog', (dialog) => {
      this.faults.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      if (message.type() === 'error' && !isOfNetwork(message.text())) this.faults.push(message.text());
    });
  }

  static async begin(browser: Browser, { theme = 'light', size = WIDE }: Looks = {}): Promise<Visit> {
    const context = await browser.newContext({
      baseURL: CONSOLE_ORIGIN,
      colorScheme: theme,
      viewport: size,
      reducedMotion: 'reduce',
      bypassCSP: false,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    return new Visit(context, await context.newPage());
  }

  /** Goes to a page and waits until it has its heading. */
  async open(path: string): Promise<void> {
    await this.page.goto(path);
    await this.page.getByRole('heading', { level: 1 }).first().waitFor();
  }

  async signIn(user: string, password: string): Promise<void> {
    await this.open('/sign-in');
    await this.page.getByLabel('User', { exact: true }).fill(user);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await this.page.getByRole('navigation', { name: 'Pages' }).first().waitFor();
  }

  /** The row of an entry in the inbox. */
  row(name: string): Locator {
    return this.page.locator('[data-entry]', { hasText: name });
  }

  /** Takes in what waits behind the bar of what is new. */
  async takeInNew(): Promise<void> {
    const bar = this.page.locator('.inbox-new button');
    if ((await bar.count()) > 0) await bar.click();
  }

  /** What axe says of the page as it is. */
  async axe(): Promise<readonly AxeFault[]> {
    // Its own world is not bound by the policy of the page, and changes nothing of it.
    const session = await this.#context.newCDPSession(this.page);
    const { frameTree } = await session.send('Page.getFrameTree');
    const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', {
      frameId: frameTree.frame.id,
      worldName: 'axe',
    });
    await session.send('Runtime.evaluate', { expression: axe.source, contextId });
    const run = `axe.run(document, { runOnly: ${JSON.stringify(RULES)} }).then(({ violations }) =>
      violations.map(({ id, nodes }) => ({ rule: id, places: nodes.map(({ html }) => html.slice(0, 200)) })))`;
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression: run,
      contextId,
      awaitPromise: true,
      returnByValue: true,
    });
    await session.detach();
    if (exceptionDetails !== undefined) throw new Error(`axe: ${exceptionDetails.text}`);
    return result.value as readonly AxeFault[];
  }

  async end(): Promise<void> {
    await this.#context.close();
  }
}

/** Refusals and restarts that a test brings about. */
function isOfNetwork(text: string): boolean {
  return text.startsWith('Failed to load resource') || text.includes('net::ERR_');
}
