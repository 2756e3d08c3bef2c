/**
 * Two victims are flooded from made-up addresses by a bot that asked for their names first, and bystanders asked for them, too.
 * The logs of real BIND, Unbound (by dnstap) and dnsmasq lead three nodes of three organisations to the bot.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  addresses,
  COMMAND_SERVER,
  Federation,
  type FederationHost,
  ORGANISATION_NAMES,
  VICTIMS,
} from '../../mininet/federation.ts';
import { OpenVswitch } from '../../mininet/open-vswitch.ts';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';
import type { AuditEntry } from '../../src/traceback/audit/audit.ts';
import { describeIf } from '../support/describe-if.ts';

/** Nobody has it. */
const FORGED = '198.18.7.7';
const PORT = 9999;
const PACKETS = 200;

interface Attack {
  readonly at: string;
  readonly source: string;
}

interface CaseView {
  readonly id: string;
  readonly outcome: string;
  readonly confirmation: { readonly outcome: string };
  readonly hosts: readonly { readonly address: string; readonly confidence: number }[];
  readonly suspects: readonly { readonly names: readonly { readonly name: string }[] }[];
  readonly gaps: readonly unknown[];
}

describeIf(['root', 'namespaces', 'openVswitch'], 'a traceback over three organisations', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gluewall-'));
  let openVswitch: OpenVswitch | undefined;
  let federation: Federation;
  beforeAll(async () => {
    openVswitch = await OpenVswitch.start(join(directory, 'ovs'));
    federation = await Federation.start(openVswitch, join(directory, 'federation'));
  });
  afterAll(async () => {
    await federation?.stop();
    await openVswitch?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const resolve = async (host: FederationHost, name: string) => {
    const { stdout } = await federation.run(host, ['dig', `@${addresses.officeDns}`, name, '+short', '+tries=2']);
    expect(stdout.trim()).toBe(addresses.victim);
  };
  /** Floods the victim; resolves with what the victim saw first. */
  const flood = async (host: FederationHost, source: string): Promise<Attack> => {
    const script = repositoryPath('mininet', 'flood.py');
    const watching = federation.run('victim', ['python3', script, 'watch', String(PORT), '10'], 15);
    const isBound = ['sh', '-c', `ss -Hlun 'sport = :${PORT}' | grep -q .`];
    await until('the victim watches', 5000, async () =>
      (await federation.run('victim', isBound)).status === 0 ? true : undefined,
    );
    const words = ['send', source, addresses.victim, String(PORT), String(PACKETS), '2'];
    expect(await federation.run(host, ['python3', script, ...words])).toMatchObject({ status: 0 });
    const { stdout, stderr } = await watching;
    const seen = JSON.parse(stdout.split('\n')[1] ?? stderr) as { readonly at: number; readonly source: string };
    return { at: new Date(seen.at * 1000).toISOString(), source: seen.source };
  };
  const gluewall = async (words: readonly string[], organisation: 'shop' | 'isp' | 'office' = 'shop') => {
    const { status, stdout, stderr } = await federation.gluewall(organisation, [...words, '--json']);
    expect(status, `${words.join(' ')}: ${stderr}${stdout}`).toBe(0);
    return JSON.parse(stdout) as unknown;
  };
  const request = async (name: string, { at, source }: Attack, ...more: readonly string[]) =>
    (await gluewall(['traceback', 'request', '--name', name, '--at', at, '--source', source, ...more])) as CaseView;
  /** The logs are read as they are written, within moments. */
  const logged = (name: string, client: string) =>
    until(`the office has ${client} asking for ${name}`, 20_000, async () => {
      const found = (await gluewall(['log', 'search', '--name', name, '--client', client], 'office')) as {
        readonly count: number;
      };
      return found.count > 0 ? true : undefined;
    });

  const attacks: Attack[] = [];
  it.each(VICTIMS)('%s is flooded from an address that nobody has', async (name) => {
    const bystanders: readonly FederationHost[] = name === VICTIMS[0] ? ['alice', 'bob'] : ['carol'];
    for (const host of bystanders) await resolve(host, name);
    await resolve('bot', COMMAND_SERVER);
    await resolve('bot', name);
    const attack = await flood('bot', FORGED);
    expect(attack.source).toBe(FORGED);
    attacks.push(attack);
    await logged(name, addresses.bot);
  });

  it('names the bot, and bystanders below it', async () => {
    const cases: CaseView[] = [];
    for (const [index, name] of VICTIMS.entries()) {
      const method = index === 0 ? 'oblivious' : 'hash';
      cases.push(await request(name, attacks[index]!, '--method', method, '--command-and-control'));
    }
    expect(cases.map(({ confirmation }) => confirmation.outcome)).toEqual(['spoofed', 'spoofed']);
    expect(cases.map(({ outcome }) => outcome)).toEqual(['hosts named', 'hosts named']);
    // Nothing tells it from the two others of the first case, until there is a second.
    expect(cases[0]!.hosts.map(({ address }) => address).sort()).toEqual(
      [addresses.alice, addresses.bob, addresses.bot].sort(),
    );
    const [first, ...others] = cases[1]!.hosts;
    expect(first!.address).toBe(addresses.bot);
    // Named below it, or not at all.
    for (const { address, confidence } of others) {
      expect(address).toBe(addresses.carol);
      expect(first!.confidence).toBeGreaterThan(5 * confidence);
    }
    expect(first!.confidence).toBeGreaterThan(0.7);
    expect(cases[1]!.suspects[0]!.names[0]!.name).toBe(COMMAND_SERVER);
    expect(cases[1]!.gaps).toEqual([]);
  });

  it('hands over signed evidence', async () => {
    const { id } = ((await gluewall(['traceback', 'list'])) as readonly CaseView[])[0]!;
    const folder = join(directory, 'evidence');
    await gluewall(['traceback', 'export', id, '--output', folder]);
    const authority = join(directory, 'federation', 'pki', 'ca-cert.pem');
    const verify = ['traceback', 'verify', folder, '--ca', authority];
    const { status, stdout } = await federation.run('officeNode', [
      process.execPath,
      repositoryPath('dist', 'src', 'cli', 'main.js'),
      ...verify,
    ]);
    expect({ status, stdout }).toMatchObject({ status: 0 });
    expect(readFileSync(join(folder, 'report.md'), 'utf8')).toContain(addresses.bot);
  });

  it('says of an attacker with an address of its own that it is that', async () => {
    const [name] = VICTIMS;
    await resolve('rude', name);
    const attack = await flood('rude', addresses.rude);
    expect(attack.source).toBe(addresses.rude);
    await logged(name, addresses.rude);
    for (const method of ['oblivious', 'hash']) {
      const found = await request(name, attack, '--method', method);
      expect({ outcome: found.outcome, hosts: found.hosts }).toEqual({ outcome: 'not spoofed', hosts: [] });
    }
  });

  it('has each step in the audit log of each organisation, whole', async () => {
    for (const organisation of ORGANISATION_NAMES) await gluewall(['audit', 'verify'], organisation);
    const records = (await gluewall(['audit', 'list'], 'office')) as readonly { readonly entry: AuditEntry }[];
    const answered = records.flatMap(({ entry }) => (entry.peer === 'node.isp.example' ? [entry] : []));
    expect(new Set(answered.map(({ kind }) => kind))).toEqual(new Set(['confirm', 'traceback', 'command-and-control']));
    expect(answered.filter(({ kind }) => kind === 'traceback').at(-1)?.hosts).toContain(addresses.bot);
  });
});
