import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/findings/finding.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { hostTimeline, type TimelineParts } from '../../../src/services/host-timeline.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { historyOptions } from '../../support/learning.ts';
import { policiesOn, ruleOf } from '../../support/policies.ts';
import { addressOf } from '../../support/store-rows.ts';
import { verdictEvent } from '../../support/verdict-events.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const HOST = addressOf('192.0.2.66');
const clock = new VirtualClock();
const NOW_MS = clock.nowMs();
const ago = (seconds: number) => NOW_MS - seconds * 1000;

const FINDING: Finding = {
  id: 'F-1',
  kind: 'infected-host',
  subject: '192.0.2.66',
  score: 0.93,
  reasons: [],
  hosts: ['192.0.2.66'],
  ...{ firstAtMs: ago(60), lastAtMs: ago(20), openedAtMs: ago(40), updatedAtMs: ago(15) },
  state: 'closed',
  closed: { atMs: ago(15), by: 'ann', as: 'resolved', reason: 'cleaned' },
  comments: [{ atMs: ago(16), by: 'jo', text: 'on it' }],
  changes: [{ atMs: ago(18), by: 'ann', text: 'acknowledged' }],
  cases: [],
};

async function rig(): Promise<TimelineParts> {
  const store = new MemoryStore({ events: 1000 });
  await store.saveEvents([
    verdictEvent({ atMs: ago(50), packetsAtLeast: 3 }),
    verdictEvent({ atMs: ago(30), queryName: undefined, queryType: undefined }),
    verdictEvent({ atMs: ago(29), client: addressOf('192.0.2.67') }),
  ]);
  const history = new NsHistory(clock, historyOptions({ size: 10 }));
  const rules = [
    ruleOf('deny', { from: '192.0.2.66' }, { id: 'r1', createdAtMs: ago(10) }),
    ruleOf('deny', { from: '192.0.2.64/26' }, { id: 'r2', createdAtMs: ago(9) }),
    ruleOf('deny', { from: '192.0.2.1' }, { id: 'r3', createdAtMs: ago(8) }),
    ruleOf('deny', { from: '192.0.2.66', protocol: 'tcp' }, { id: 'r4', origin: 'configuration' }),
  ];
  return { store, flush: async () => {}, policies: policiesOn(clock, history, rules) };
}

describe('the timeline of a host', () => {
  it('has all that is known of it, the newest first', async () => {
    const seen = { address: HOST, vlan: undefined, firstSeenAtMs: ago(100), lastSeenAtMs: ago(1), leasedTo: undefined };
    const record = {
      ...{
        name: undefined,
        nameSource: undefined,
        mac: 0x020000000042,
        datapathId: '1',
        port: '3',
        isBehindRouter: false,
      },
      addresses: [HOST],
      seen: [{ ...seen, moves: 1, movedFrom: 0x020000000001, movedAtMs: ago(70) }],
    };
    const parts: TimelineParts = {
      ...(await rig()),
      findings: { list: () => [FINDING] },
      behaviour: {
        host: async () => ({
          unseen: [],
          hosts: [
            {
              ...{ mac: undefined, lastAtMs: ago(20), score: 0.9, group: undefined },
              evidence: [
                {
                  ...{ kind: 'beaconing', weight: 0.5, line: 'asks every minute', events: 2 },
                  ...{ firstAtMs: ago(60), lastAtMs: ago(20) },
                  samples: [{ atMs: ago(20), text: 'asked 203.0.113.66' }],
                },
              ],
            },
          ],
        }),
      },
      clients: { record: () => record, recordsOfMac: () => [], records: () => [] },
    };
    const { items } = await hostTimeline({ host: HOST, limit: 100 }, parts);
    expect(items.map(({ at, kind, text }) => `${(NOW_MS - Date.parse(at)) / 1000} ${kind}: ${text}`)).toEqual([
      '9 rule: rule r2 was added by admin: deny from 192.0.2.64/26: test',
      '10 rule: rule r1 was added by admin: deny from 192.0.2.66: test',
      '15 finding: closed as resolved by ann: cleaned',
      '16 finding: jo said: on it',
      '18 finding: acknowledged, by ann',
      '20 evidence: asked 203.0.113.66',
      '30 event: 203.0.113.66 is unknown and block',
      '40 finding: infected-host was found (93 %)',
      '50 event: 203.0.113.66 is unknown and block, asked for evil.test A, at least 3 packets',
      '70 client: moved from 02:00:00:00:00:01 with 02:00:00:00:00:42',
      '100 client: seen first',
    ]);
    expect(items.filter(({ event }) => event !== undefined)).toHaveLength(2);
    expect(items.filter(({ finding }) => finding === 'F-1')).toHaveLength(4);
  });

  it('has the newest only, and those since a time', async () => {
    const parts = await rig();
    const times = async (asked: { readonly sinceMs?: number; readonly limit: number }) =>
      (await hostTimeline({ host: HOST, ...asked }, parts)).items.map(({ at }) => (NOW_MS - Date.parse(at)) / 1000);
    expect(await times({ limit: 3 })).toEqual([9, 10, 30]);
    expect(await times({ limit: 100, sinceMs: ago(40) })).toEqual([9, 10, 30]);
    expect(await times({ limit: 1 })).toEqual([9]);
  });

  it('leaves out what cannot be asked at the moment', async () => {
    const behaviour = { host: () => Promise.reject(new Error('too much to do')) };
    const { items } = await hostTimeline({ host: HOST, limit: 100 }, { ...(await rig()), behaviour });
    expect(items).toHaveLength(4);
  });
});
