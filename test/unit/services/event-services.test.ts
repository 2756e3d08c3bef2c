import { describe, expect, it } from 'vitest';
import type { VerdictEvent } from '../../../src/events/verdict-event.ts';
import type { DropProof } from '../../../src/firewall/drop-proofs.ts';
import { EVERYTHING } from '../../../src/inbox/search.ts';
import { NsHistory } from '../../../src/nsdb/ns-history.ts';
import { eventServices } from '../../../src/services/event-services.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import { composeQuery } from '../../support/dns-messages.ts';
import { composeFrame } from '../../support/frames.ts';
import { historyOptions } from '../../support/learning.ts';
import { policiesOn } from '../../support/policies.ts';
import { addressOf, nameOf, tripleOf } from '../../support/store-rows.ts';
import { verdictEvent } from '../../support/verdict-events.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NOW_MS = Date.UTC(2026, 10, 21, 12);
const FRAME = composeFrame(composeQuery('evil.test'), {
  source: '192.0.2.66',
  destination: '203.0.113.66',
  destinationPort: 53,
});
const PROOF: DropProof = {
  ...{ isStanding: true, packets: 3, bytes: 210, sinceMs: NOW_MS - 5000, asOfMs: NOW_MS },
  flow: 'from 192.0.2.66, to 203.0.113.66',
};

async function rig(events: readonly VerdictEvent[], dropProof = async (): Promise<DropProof | undefined> => PROOF) {
  const clock = new VirtualClock(NOW_MS);
  const history = new NsHistory(clock, historyOptions({ size: 100 }));
  const store = new MemoryStore({ events: 1000 });
  await store.saveEvents(events);
  const services = eventServices({
    clock,
    history,
    store,
    policies: policiesOn(clock, history),
    insideNetworks: () => [],
    trustedResolvers: () => [],
    modeOf: () => 'enforce',
    flush: async () => {},
    dropProof,
  });
  const { rows } = await store.findKeptEvents({ search: EVERYTHING, before: undefined, limit: 100 });
  /** The number of the event at this time. */
  const idAt = (atMs: number) => rows.find(({ event }) => event.atMs === atMs)!.id;
  return { services, history, idAt };
}

describe('an event', () => {
  it('is shown with its packet, how it would be judged now, and what the switch counted', async () => {
    const atMs = NOW_MS - 3000;
    const { services, idAt } = await rig([
      verdictEvent({ atMs, packet: FRAME, recursionDesired: true, heldMs: 49.6 }),
      verdictEvent({ atMs: NOW_MS - 60_000, queryName: nameOf('a.test') }),
      verdictEvent({ atMs: NOW_MS - 301_000 - 3000 }),
      verdictEvent({ atMs: NOW_MS - 2000, client: addressOf('192.0.2.67') }),
    ]);
    const view = await services.eventShow(idAt(atMs));
    expect(view).toMatchObject({
      id: idAt(atMs),
      at: new Date(atMs).toISOString(),
      destination: '203.0.113.66',
      recursionDesired: true,
      verdict: 'block',
      alarm: null,
      enforced: true,
      heldMs: 50,
      scope: ['destination', 'group'],
      known: [],
      past: [],
      packet: { length: FRAME.length, message: { questions: [{ name: 'evil.test' }] } },
      now: { verdict: 'block', reason: 'unknown' },
      drop: { standing: true, packets: 3, bytes: 210, since: new Date(NOW_MS - 5000).toISOString() },
    });
    expect(view.then).toBeNull();
    expect(view.entry).not.toBeNull();
    expect(view.siblings.map(({ queryName }) => queryName)).toEqual(['a.test']);
  });

  it('is judged as it would be now that the history knows more, and says what it knew then', async () => {
    const hint = { zone: nameOf('evil.test'), nameServer: nameOf('ns.evil.test'), expiresAtMs: NOW_MS - 9000 };
    const atMs = NOW_MS - 1000;
    const { services, history, idAt } = await rig([verdictEvent({ atMs, hint })]);
    history.restore(tripleOf(1, { address: addressOf('203.0.113.66'), expiresAtMs: NOW_MS + 1e6 }));
    const view = await services.eventShow(idAt(atMs));
    expect(view.now).toMatchObject({ verdict: 'allow', reason: 'history' });
    expect(view.known).toHaveLength(1);
    expect(view.then).toEqual({
      ...{ zone: 'evil.test', nameServer: 'ns.evil.test', expires: new Date(NOW_MS - 9000).toISOString() },
    });
  });

  it('has no proof of a drop where nothing was dropped, nor is a switch asked', async () => {
    const asked: number[] = [];
    const ask = async () => {
      asked.push(1);
      return undefined;
    };
    const [allowed, monitored] = [NOW_MS - 1000, NOW_MS - 2000];
    const { services, idAt } = await rig(
      [
        verdictEvent({ atMs: allowed, verdict: 'allow', reason: 'history' }),
        verdictEvent({ atMs: monitored, enforced: false }),
      ],
      ask,
    );
    expect((await services.eventShow(idAt(allowed))).drop).toBeNull();
    expect((await services.eventShow(idAt(monitored))).drop).toBeNull();
    expect(asked).toEqual([]);
  });

  it('shows 20 others of its client at most', async () => {
    const events = Array.from({ length: 50 }, (_, index) => verdictEvent({ atMs: NOW_MS - 1000 * index }));
    const { services, idAt } = await rig(events);
    const { siblings, id } = await services.eventShow(idAt(NOW_MS - 10_000));
    expect(siblings).toHaveLength(20);
    expect(siblings.map((one) => one.id)).not.toContain(id);
  });

  it('gives its packet as a file, and says why where there is none', async () => {
    const [blocked, allowed, old] = [NOW_MS - 1000, NOW_MS - 2000, NOW_MS - 3000];
    const { services, idAt } = await rig([
      verdictEvent({ atMs: blocked, packet: FRAME }),
      verdictEvent({ atMs: allowed, verdict: 'allow', reason: 'history' }),
      verdictEvent({ atMs: old }),
    ]);
    const { name, base64 } = await services.eventPacket(idAt(blocked));
    expect(name).toBe(`gluewall-event-${idAt(blocked)}.pcap`);
    expect(Buffer.from(base64, 'base64').subarray(40).equals(FRAME)).toBe(true);
    const refused = (why: string) => ({ code: 'no-packet', message: expect.stringContaining(why) });
    await expect(services.eventPacket(idAt(allowed))).rejects.toMatchObject(refused('allowed queries are not kept'));
    await expect(services.eventPacket(idAt(old))).rejects.toMatchObject(refused('was not kept when it came'));
    await expect(services.eventShow(4711)).rejects.toMatchObject({ code: 'no-event' });
  });
});
