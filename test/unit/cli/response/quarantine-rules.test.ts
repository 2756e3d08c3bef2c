import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { QuarantineRules } from '../../../../src/cli/response/quarantine-rules.ts';
import { parseConfig } from '../../../../src/config/load.ts';
import type { Found } from '../../../../src/findings/finding.ts';
import { FindingBook } from '../../../../src/findings/finding-book.ts';
import { formatHost, Quarantines } from '../../../../src/firewall/quarantines.ts';
import { MemoryStore } from '../../../../src/storage/memory-store.ts';
import { foundOf } from '../../../support/findings.ts';
import { addressOf } from '../../../support/observations.ts';
import { RecordingLog } from '../../../support/recording-log.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const NOW_MS = Date.UTC(2026, 10, 22, 1);
const HOUR_MS = 3_600_000;
const HOST = '192.0.2.66';
const DNS_RULE = '{ findings: [infected-host], min_score: 0.8, action: quarantine-dns, for: 4h }';
const WIDE_RULE = '{ findings: [infected-host], min_score: 0.95, action: quarantine, for: 2h }';

let clock: VirtualClock;
let log: RecordingLog;
let findings: FindingBook;
let quarantines: Quarantines;
let rules: QuarantineRules;
let isReady: boolean;

function configOf(response: string) {
  const text = `
inside: { networks: [192.0.2.0/24] }
trusted_resolvers: [192.0.2.53]
behaviour: { mail_servers: [{ address: 192.0.2.25 }] }
response: { ${response} }
`;
  return parseConfig(text, 'gluewall.yaml');
}

function start(response = `rules: [${DNS_RULE}, ${WIDE_RULE}]`): void {
  const parts = { findings, quarantines, clock, log, isReady: () => isReady };
  rules = new QuarantineRules(configOf(response), parts);
  rules.start();
}

beforeEach(async () => {
  clock = new VirtualClock(NOW_MS);
  log = new RecordingLog();
  let count = 0;
  findings = new FindingBook({ clock, log, store: new MemoryStore({ events: 10 }), newId: () => `F-${++count}` });
  await findings.load();
  quarantines = new Quarantines(clock, log, () => {});
  isReady = true;
});

afterEach(() => rules.stop());

function take(subject = HOST, changes: Partial<Found> = {}): string {
  findings.take([foundOf(subject, { firstAtMs: clock.nowMs(), lastAtMs: clock.nowMs(), ...changes })]);
  clock.advance(1000);
  return findings.list().find((one) => one.subject === subject)!.id;
}

const hosts = () => quarantines.orders.map(({ host, scope }) => `${formatHost(host)} ${scope}`);
const changesOf = (id: string) => findings.get(id).changes.map(({ by, text }) => `${by}: ${text}`);

describe('QuarantineRules', () => {
  it('puts the host of a finding in quarantine, and says so in the finding and in the log', () => {
    start();
    const id = take();
    const untilMs = NOW_MS + 200 + 4 * HOUR_MS;
    expect(quarantines.orders).toEqual([
      expect.objectContaining({ host: { address: addressOf(HOST) }, scope: 'dns', untilMs, owner: 'rule' }),
    ]);
    const until = new Date(untilMs).toISOString();
    expect(changesOf(id)).toEqual([`rule 1: in quarantine (its DNS) until ${until} by rule 1, at score 0.8500`]);
    expect(log.lines).toContain(
      `warn: quarantine of ${HOST} (its DNS) until ${until}, by rule: rule 1, infected-host ${id}: asked 198.51.100.7 every 300 s, 40 times`,
    );
    expect(rules.figures).toEqual({ begun: 1, refused: 0 });
  });

  it('does nothing unless a rule says so, and nothing before the findings of earlier runs are known', () => {
    start('rules: []');
    take(HOST, { score: 1 });
    expect(hosts()).toEqual([]);
    rules.stop();
    isReady = false;
    start();
    clock.advance(30_000);
    expect(hosts()).toEqual([]);
    isReady = true;
    clock.advance(10_000);
    expect(hosts()).toEqual([`${HOST} all`]);
  });

  it('takes it once, further when it rises, and is over by itself', () => {
    start(`remediation: 192.0.2.80, rules: [${DNS_RULE}, ${WIDE_RULE}]`);
    const id = take();
    take(HOST, { score: 0.86 });
    expect(changesOf(id)).toHaveLength(1);
    take(HOST, { score: 0.97 });
    expect(quarantines.orders).toMatchObject([{ scope: 'all', remediation: addressOf('192.0.2.80') }]);
    expect(changesOf(id)[1]).toContain('rule 2: in quarantine (all it sends) until ');
    clock.advance(2 * HOUR_MS + 1000);
    quarantines.tick();
    take(HOST, { score: 0.97 });
    clock.advance(60_000);
    expect(hosts()).toEqual([]);
  });

  it('lets go at once when a person closes the finding, and takes it again when that is reopened for more', () => {
    start();
    const id = take();
    findings.close(id, 'mistake', 'a scanner of ours', 'ann');
    expect(hosts()).toEqual([]);
    expect(changesOf(id).at(-1)).toBe('ann: closed as mistake: a scanner of ours');
    take(HOST, { score: 0.9 });
    expect(hosts()).toEqual([]);
    take(HOST, { score: 0.97 });
    expect(hosts()).toEqual([`${HOST} all`]);
  });

  it('does not end what a person began', () => {
    start();
    quarantines.begin({
      ...{ host: { address: addressOf(HOST) }, scope: 'all', remediation: undefined, reason: 'mine', owner: 'ann' },
      ...{ sinceMs: NOW_MS, untilMs: NOW_MS + HOUR_MS },
    });
    const id = take();
    expect(changesOf(id)).toEqual([]);
    findings.close(id, 'mistake', 'no', 'ann');
    expect(hosts()).toEqual([`${HOST} all`]);
  });

  it('does not begin again what a person has ended, whatever rises', () => {
    start();
    const id = take();
    quarantines.end({ address: addressOf(HOST) });
    expect(changesOf(id).at(-1)).toBe(': quarantine ended before its time: no rule begins one for this finding again');
    take(HOST, { score: 0.99 });
    clock.advance(60_000);
    expect(hosts()).toEqual([]);
  });

  it('takes note of many that are ended at once without looking through all findings for each', () => {
    start(`most_hosts: 50, rules: [${DNS_RULE}]`);
    const ids = Array.from({ length: 50 }, (_, index) => take(`192.0.2.${100 + index}`));
    const list = vi.spyOn(findings, 'list');
    expect(quarantines.endAll()).toHaveLength(50);
    expect(list).not.toHaveBeenCalled();
    expect(ids.map((id) => changesOf(id).at(-1))).toEqual(
      ids.map(() => expect.stringMatching(/ended before its time/)),
    );
  });

  it('never takes trusted resolvers, mail servers, remediation, hosts that are not ours, and response.never', () => {
    start(`remediation: 192.0.2.80, never: [192.0.2.64/30], rules: [${DNS_RULE}]`);
    for (const subject of ['192.0.2.53', '192.0.2.25', '192.0.2.80', '198.51.100.1', HOST]) take(subject, { score: 1 });
    expect(hosts()).toEqual([]);
    take('192.0.2.68', { score: 1 });
    expect(hosts()).toEqual(['192.0.2.68 dns']);
  });

  it('has so many hosts at once; beyond them it warns once, and takes them when there is room', () => {
    start(`most_hosts: 1, rules: [${DNS_RULE}]`);
    const first = take('192.0.2.1');
    take('192.0.2.2');
    clock.advance(60_000);
    expect(hosts()).toEqual(['192.0.2.1 dns']);
    const warnings = () => log.lines.filter((line) => line.includes('response.most_hosts'));
    expect(warnings()).toEqual([
      expect.stringMatching(/^warn: rule 1 would put 192\.0\.2\.2 in quarantine.*gluewall findings.*raise/),
    ]);
    expect(rules.figures).toEqual({ begun: 1, refused: 1 });
    findings.close(first, 'resolved', 'cleaned', 'ann');
    expect(hosts()).toEqual(['192.0.2.2 dns']);
  });

  it('follows the configuration: a rule that comes, one that goes, a host that is never to be taken', () => {
    start('rules: []');
    take();
    const configure = (response: string) => {
      rules.configure(configOf(response));
      clock.advance(1000);
    };
    configure(`rules: [${DNS_RULE}]`);
    expect(hosts()).toEqual([`${HOST} dns`]);
    configure(`never: [${HOST}/32], rules: [${DNS_RULE}]`);
    expect(hosts()).toEqual([]);
    configure(`rules: [${DNS_RULE}]`);
    expect(hosts()).toEqual([]);
    take('192.0.2.67');
    expect(hosts()).toEqual(['192.0.2.67 dns']);
    configure('rules: []');
    expect(hosts()).toEqual([]);
  });
});
