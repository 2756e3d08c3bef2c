/** A response rule: from the log of a resolver to a host whose DNS a real switch drops, until a person says that it is a mistake. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { hosts } from '../../mininet/internet.ts';
import type { FindingSummary } from '../../src/services/finding-view.ts';
import { botLog } from '../support/bot-log.ts';
import { describeIf } from '../support/describe-if.ts';
import { gatedInternet } from '../support/gated.ts';
import { asks, soon, type, typeForJson } from '../support/operator.ts';

const NEEDS = ['root', 'namespaces', 'openVswitch'] as const;
const { bot, resolver } = hosts;
const RESOLVED = { server: resolver.ipv4, name: 'www.corp.example', timeoutSeconds: 1 };

describeIf(NEEDS, 'a rule that puts infected hosts in quarantine', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'unbound.log');
  const bots = [bot.ipv4, '192.0.2.167', '192.0.2.168'];
  const others = Array.from({ length: 20 }, (_, index) => `192.0.2.${200 + index}`);
  writeFileSync(file, botLog({ untilMs: Date.now(), bots, others, command: 'k7f3q9z.example' }));
  const world = gatedInternet({
    mode: 'monitor',
    behaviour: { round: '1s', hosts: 1000, pairs: 100_000 },
    querylog: { sources: [{ name: 'unbound', file, format: 'unbound', zone: 'UTC' }] },
    response: {
      rules: [{ findings: ['infected-host'], min_score: 0.5, action: 'quarantine-dns', for: '1h' }],
      never: [`${hosts.client.ipv4}/32`],
    },
  });

  it('takes the DNS of the bot, and of nobody else, and gives it back when its finding is closed', async () => {
    await soon('the DNS of the bot is dropped', async () => !(await asks(world(), 'bot', RESOLVED)), 30_000);
    expect(await asks(world(), 'client', { ...RESOLVED, timeoutSeconds: 3 })).toBe(true);
    const found = await typeForJson<FindingSummary[]>(
      world(),
      'findings',
      '--host',
      bot.ipv4,
      '--kind',
      'infected-host',
    );
    expect(found).toHaveLength(1);
    const { id } = found[0]!;
    expect((await type(world(), 'findings', 'show', id)).stdout).toMatch(
      /in quarantine \(its DNS\) until \S+ by rule 1/,
    );
    expect((await type(world(), 'findings', 'close', id, '--as', 'mistake', '--reason', 'a test of ours')).status).toBe(
      0,
    );
    await soon('the DNS passes', () => asks(world(), 'bot', { ...RESOLVED, timeoutSeconds: 3 }), 5000);
    expect((await world().gluewall.status()).openflowErrors).toBe(0);
  });
});
