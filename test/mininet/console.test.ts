/** The console as staff use it: a real browser before a real gluewall, which is before a real switch. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { launchBrowser } from '../../mininet/browser.ts';
import { hosts } from '../../mininet/internet.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';
import { NARROW, Visit, WIDE } from '../support/console-visit.ts';
import { BOTS, CONSOLE_ORIGIN, ConsoleWorld } from '../support/console-world.ts';
import { describeIf } from '../support/describe-if.ts';
import { asks, soon, teach } from '../support/operator.ts';

const NEEDS = ['root', 'namespaces', 'openVswitch', 'browser'] as const;
const SCREENSHOTS = repositoryPath('docs', 'screenshots');
const isDrawing = process.env.GLUEWALL_WRITE_DOCS === '1';
const PASSWORD = 'seven mild herons wade';
const ORDER = 'order.evil.test';
const { evil, bot } = hosts;
const EVIL = { server: evil.ipv4, name: ORDER };
/** Names that would like to be something else where they are shown; as `dig` and the page write them. */
const HOSTILE = [
  '<script>alert(1)</script>.evil.test',
  '"onmouseover=alert(1)//.evil.test',
  "'OR'1'='1';--.evil.test",
  '\\226\\128\\174gro.evil.test',
  '\\000\\255\\010.evil.test',
  '{{7*7}}#{7*7}.evil.test',
  `${'a'.repeat(63)}.${'b'.repeat(63)}.evil.test`,
];

describeIf(NEEDS, 'the console', () => {
  let world: ConsoleWorld;
  let browser: Browser;
  let visit: Visit;

  beforeAll(async () => {
    world = await ConsoleWorld.start();
    browser = await launchBrowser();
    await teach(world.internet, 'www.corp.example', hosts.corp.ipv4);
  });

  afterAll(async () => {
    await browser?.close();
    await world?.stop();
  });

  afterEach(async () => {
    const faults = visit?.faults ?? [];
    await visit?.end();
    expect(faults).toEqual([]);
  });

  const begin = async (...looks: Parameters<typeof Visit.begin> extends [unknown, ...infer Rest] ? Rest : never) => {
    visit = await Visit.begin(browser, ...looks);
    return visit;
  };
  const asAnalyst = async (path = '/inbox') => {
    await begin();
    await visit.signIn('ann', PASSWORD);
    await visit.open(path);
    return visit;
  };
  const isAnswered = (question = EVIL) => asks(world.internet, 'bot', question);
  /** Blocked queries stand in the inbox a moment later. */
  const blocked = async (name: string) => {
    await world.blockedQuery(name);
    await until(`${name} is in the inbox`, 10_000, async () => {
      const { items } = await world.ask<{ items: { queryName: string | null }[] }>({
        operation: 'inbox list',
        limit: 500,
      });
      return items.find(({ queryName }) => queryName === name);
    });
  };

  it('is set up by a link that works once', async () => {
    const { secret } = await world.ask<{ secret: string }>({ operation: 'setup link' });
    const { page } = await begin();
    await page.goto(`/set-up#${secret}`);
    await page.getByLabel('User', { exact: true }).fill('root-admin');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('The same again').fill(PASSWORD);
    await page.getByRole('main').getByRole('button').last().click();
    await page.getByRole('navigation', { name: 'Pages' }).first().waitFor();
    await visit.open('/users');
    await page.getByRole('cell', { name: 'root-admin' }).first().waitFor();
    const again = await page.request.post('/api/v1/setup', {
      data: { secret, user: 'second', password: PASSWORD },
      headers: { 'X-Gluewall': 'page', origin: CONSOLE_ORIGIN },
    });
    expect(again.status()).toBe(403);
    for (const [name, role] of [
      ['ann', 'analyst'],
      ['vic', 'viewer'],
    ] as const) {
      await world.ask({ operation: 'user add', name, role, password: PASSWORD });
    }
  });

  it('shows what is blocked as it happens, and says why', async () => {
    const { page } = await asAnalyst();
    await page.getByText('Live', { exact: true }).waitFor();
    await blocked(ORDER);
    await until('the row is there', 5000, async () => {
      await visit.takeInNew();
      return (await visit.row(ORDER).count()) > 0 ? true : undefined;
    });
    const row = visit.row(ORDER);
    expect(await row.textContent()).toContain(bot.ipv4);
    expect(await row.textContent()).toContain(evil.ipv4);
    // Dropped by the flow by now, on the switch alone.
    await world.blockedQuery(ORDER);
    await row.getByRole('link').first().click();
    await page.locator('aside [data-event] a').last().click();
    await page.locator('.drop-figure').waitFor();
    await until('the flow has counted a packet', 10_000, async () => {
      await page.reload();
      const figure = await page.locator('.drop-figure').textContent();
      return /^[1-9]\d* packets? dropped by the flow/.test(figure ?? '') ? true : undefined;
    });
    const text = (await page.locator('main').textContent()) ?? '';
    for (const words of [ORDER, evil.ipv4, 'is not', 'packet']) expect(text).toContain(words);
    const id = page.url().split('/').at(-1);
    const file = await page.request.get(`/api/v1/events/${id}/packet`);
    expect((await file.body()).readUInt32BE(0)).toBe(0xa1b2c3d4);
  });

  it('lets an analyst allow it for a time: the next query passes on the switch; undone, it does not', async () => {
    const { page } = await asAnalyst();
    expect(await isAnswered()).toBe(false);
    await visit.row(ORDER).first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('a');
    const dialog = page.getByRole('dialog');
    await dialog
      .getByText(/would have/)
      .first()
      .waitFor();
    await dialog.getByLabel('1 hour').check();
    await dialog.getByLabel('Reason').fill('the test wants it');
    await dialog.getByRole('button', { name: 'Allow', exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
    await soon('the query passes', () => isAnswered(), 10_000);
    const [rule] = await world.list<{ owner: string; expires: string | null }>({
      operation: 'rule list',
      action: 'allow',
    });
    expect(rule?.owner).toBe('ann');
    expect(Date.parse(rule!.expires!)).toBeLessThan(Date.now() + 3_700_000);
    await page.keyboard.press('u');
    await soon('the query is blocked again', async () => !(await isAnswered()), 10_000);
    expect(await world.list({ operation: 'rule list', action: 'allow' })).toEqual([]);
    const { items } = await world.ask<{ items: { by: string; operation: string }[] }>({
      operation: 'changes',
      limit: 50,
    });
    const done = items.map(({ by, operation }) => `${by} ${operation}`);
    expect(done).toContain('ann rule add');
    expect(done).toContain('ann rule remove');
  });

  it('acknowledges, and takes it back', async () => {
    const { page } = await asAnalyst();
    await visit.row(ORDER).first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('e');
    await page.keyboard.press('e');
    await visit.row(ORDER).first().waitFor({ state: 'detached' });
    await page.keyboard.press('u');
    await visit.open('/inbox');
    await visit.row(ORDER).first().waitFor();
  });

  it('searches, marks what it does not understand, and keeps views', async () => {
    await blocked('other.evil.test');
    const { page } = await asAnalyst();
    await visit.row(ORDER).first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('name:other.evil.test ');
    await page.keyboard.press('Enter');
    await visit.row(ORDER).first().waitFor({ state: 'detached' });
    await visit.row('other.evil.test').first().waitFor();
    expect(new URL(page.url()).searchParams.get('search')).toBe('name:other.evil.test');
    await page.getByRole('button', { name: /Views/ }).click();
    await page.getByLabel('Name of this search').fill('others');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await until('the view is kept', 5000, async () => {
      const answer = await page.request.get('/api/v1/views');
      const { items } = (await answer.json()) as { items: { name: string; search: string }[] };
      return items.find(({ name, search }) => name === 'others' && search === 'name:other.evil.test');
    });
    await visit.open('/inbox?search=nmae:x');
    await page.getByText(/nmae/).first().waitFor();
    expect(await page.locator('[data-entry]').count()).toBe(0);
  });

  it('traces from an entry, as far as its own organisation', async () => {
    const { page } = await asAnalyst();
    await visit.row(ORDER).first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('t');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: /trace/i }).last().click();
    const link = dialog.getByRole('link', { name: /case/i }).first();
    await link.waitFor({ timeout: 60_000 });
    await link.click();
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    expect(page.url()).toContain('/traceback/');
    await page.getByRole('heading', { level: 1, name: 'Traceback of' }).waitFor();
    await page.locator('main').getByText('no peer is known').first().waitFor();
  });

  it('draws a group of bots with its server', async () => {
    const group = await world.grouped();
    const { page } = await asAnalyst(`/bots/${group}`);
    await page.locator('svg[role=img], svg[role=group]').first().waitFor();
    const text = (await page.locator('main').textContent()) ?? '';
    for (const address of BOTS) expect(text).toContain(address);
  });

  it('refuses to a viewer what only analysts may, on the page and behind it', async () => {
    const { page } = await begin();
    await visit.signIn('vic', PASSWORD);
    await visit.open('/inbox');
    await visit.row(ORDER).first().waitFor();
    await page.keyboard.press('j');
    expect(
      await page
        .getByRole('button', { name: /^Allow/ })
        .first()
        .isDisabled(),
    ).toBe(true);
    const refused = await page.request.post('/api/v1/rules', {
      data: { action: 'allow', match: { to: evil.ipv4 }, reason: 'I want it' },
      headers: { 'X-Gluewall': 'page', origin: CONSOLE_ORIGIN },
    });
    expect(refused.status()).toBe(403);
    expect(refused.headers()['content-type']).toContain('application/problem+json');
    expect((await page.request.get('/api/v1/changes')).status()).toBe(403);
    expect(await world.list({ operation: 'rule list', action: 'allow' })).toEqual([]);
  });

  it('asks to sign in again when the session is over, and goes on where one was', async () => {
    const { page } = await asAnalyst('/rules');
    const { items } = (await (await page.request.get('/api/v1/sessions')).json()) as { items: { id: string }[] };
    for (const { id } of items) await world.ask({ operation: 'session revoke', id });
    await page.keyboard.press('r');
    await page.getByLabel('Password', { exact: true }).waitFor({ timeout: 40_000 });
    await page.getByLabel('User', { exact: true }).fill('ann');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Rules' }).waitFor();
  });

  it('keeps its rows while gluewall restarts, and is live again with the same session', async () => {
    const { page } = await asAnalyst();
    await visit.row(ORDER).first().waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    const restarted = world.restart();
    await page.getByText(/^Lost/).waitFor({ timeout: 20_000 });
    expect(await visit.row(ORDER).count()).toBeGreaterThan(0);
    await restarted;
    await page.getByText('Live', { exact: true }).waitFor({ timeout: 40_000 });
    await blocked('after-restart.evil.test');
    await until('what came after it is there', 10_000, async () => {
      await visit.takeInNew();
      return (await visit.row('after-restart.evil.test').count()) > 0 ? true : undefined;
    });
  });

  it('can be worked with by the keyboard alone', async () => {
    const { page } = await begin();
    await page.goto('/sign-in');
    await page.getByLabel('User', { exact: true }).waitFor();
    await until('the name has the focus', 5000, async () => {
      await page.keyboard.press('Tab');
      return (await page.locator('input:focus').count()) > 0 ? true : undefined;
    });
    await page.keyboard.type('ann');
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('navigation', { name: 'Pages' }).first().waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('i');
    await page.getByRole('heading', { level: 1, name: 'Inbox' }).waitFor();
    await page.locator('[data-entry]').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.keyboard.press('s');
    await until('the entry is escalated', 5000, async () => {
      const search = 'state:escalated';
      const { items } = await world.ask<{ items: unknown[] }>({ operation: 'inbox list', search, limit: 10 });
      return items.length > 0 ? true : undefined;
    });
    await page.keyboard.press('u');
    await page.keyboard.press('c');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    await page.keyboard.type('seen by keys');
    await page.keyboard.press('Control+Enter');
    await dialog.waitFor({ state: 'hidden' });
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: /keys/i }).waitFor();
    await page.keyboard.press('Escape');
    for (const [keys, heading] of [
      ['g o', 'Overview'],
      ['g e', 'Events'],
      ['g f', 'Findings'],
      ['g h', 'NS history'],
      ['g t', 'Traceback'],
      ['g r', 'Rules'],
      ['g s', 'Switches'],
    ] as const) {
      for (const key of keys.split(' ')) await page.keyboard.press(key);
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    }
  });

  it('shows hostile names as what they are', async () => {
    for (const name of HOSTILE) await world.blockedQuery(name);
    await until('they are in the inbox', 15_000, async () => {
      const { items } = await world.ask<{ items: unknown[] }>({
        operation: 'inbox list',
        search: 'name:*.evil.test',
        limit: 500,
      });
      return items.length >= HOSTILE.length + 3 ? true : undefined;
    });
    const { page } = await asAnalyst('/inbox?search=name%3A*.evil.test');
    await visit.row('script').first().waitFor();
    const ids = await page
      .locator('[data-entry]')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-entry')));
    expect(ids.length).toBeGreaterThanOrEqual(HOSTILE.length + 3);
    for (const id of ids.slice(0, HOSTILE.length + 3)) await visit.open(`/inbox/${id}`);
    await visit.open('/events');
    await page.locator('[data-event]').first().waitFor();
    expect(await page.locator('main script').count()).toBe(0);
    // What turns the direction of text is shown as a mark.
    expect(await page.locator('main').textContent()).not.toContain('\u202e');
  });

  const PAGES: readonly (readonly [string, string])[] = [
    ['overview', '/'],
    ['inbox', '/inbox'],
    ['events', '/events'],
    ['event', '/events/1'],
    ['host', `/hosts/${bot.ipv4}`],
    ['history', `/history?target=${hosts.corp.ipv4}`],
    ['findings', '/findings'],
    ['traceback', '/traceback'],
    ['rules', '/rules'],
    ['switches', '/switches'],
    ['account', '/account'],
    ['users', '/users'],
    ['changes', '/changes'],
  ];

  it.each(
    (['light', 'dark'] as const).flatMap((theme) =>
      [WIDE, NARROW].map((size) => ({ theme, size, width: size === WIDE ? 'wide' : 'narrow' })),
    ),
  )('is accessible on every page ($theme, $width)', { timeout: 180_000 }, async ({ theme, size, width }) => {
    const group = await world.grouped();
    const { page } = await begin({ theme, size });
    if (isDrawing) mkdirSync(SCREENSHOTS, { recursive: true });
    const look = async (name: string) => {
      await page.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => undefined);
      expect(await visit.axe(), name).toEqual([]);
      const { scrollWidth, clientWidth } = (await page.evaluate(
        '({ scrollWidth: document.documentElement.scrollWidth, clientWidth: document.documentElement.clientWidth })',
      )) as Record<string, number>;
      expect(scrollWidth, `${name} is wider than the window`).toBeLessThanOrEqual(clientWidth!);
      if (isDrawing) await page.screenshot({ path: join(SCREENSHOTS, `${name}-${theme}-${width}.png`) });
    };
    await visit.open('/sign-in');
    await look('sign-in');
    await visit.signIn('root-admin', PASSWORD);
    for (const [name, path] of [...PAGES, ['topology', `/bots/${group}`]] as const) {
      await visit.open(path);
      await look(name);
    }
    await visit.open('/inbox');
    await page.locator('[data-entry]').first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('a');
    await page
      .getByRole('dialog')
      .getByText(/would have/)
      .first()
      .waitFor();
    await look('allow');
  });
});
