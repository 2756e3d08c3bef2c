import { beforeEach, describe, expect, it } from 'vitest';
import { perform } from '../../../src/control/perform.ts';
import { type ControlRequest, parseRequest } from '../../../src/control/protocol.ts';
import { formatAddress, networkContains, parseNetwork } from '../../../src/core/address.ts';
import { GluewallError } from '../../../src/core/errors.ts';
import { silentLog } from '../../../src/core/log.ts';
import { formatName } from '../../../src/dns/name.ts';
import { FindingBook } from '../../../src/findings/finding-book.ts';
import { type CaseEvidenceParts, takeNamed, withCaseEvidence } from '../../../src/services/case-evidence.ts';
import { findingServices } from '../../../src/services/finding-services.ts';
import type { Services } from '../../../src/services/services.ts';
import type { NodeOperations } from '../../../src/services/traceback-services.ts';
import { MemoryStore } from '../../../src/storage/memory-store.ts';
import type { Case } from '../../../src/traceback/cases/case.ts';
import type { CaseDemand } from '../../../src/traceback/cases/case-demand.ts';
import { endedCase } from '../../support/ended-case.ts';
import { FOUND_AT_MS, foundOf, reasonOf } from '../../support/findings.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const HOST = '192.0.2.66';
const TRACE = { operation: 'findings trace', commandAndControl: false, timeLimitMs: 30_000, owner: 'alice' } as const;

let store: MemoryStore;
let book: FindingBook;
let demands: CaseDemand[];
let found: Case;
let services: Services;

const notAsked = (): never => {
  throw new Error('not asked here');
};
const node: NodeOperations = {
  async *request(demand) {
    demands.push(demand);
    yield { case: found.id, step: 'opened', words: 'it begins' };
    yield { case: found.id, step: 'confirm', words: 'it goes on' };
    return found;
  },
  list: notAsked,
  show: notAsked,
  close: notAsked,
  evidence: notAsked,
};

beforeEach(async () => {
  store = new MemoryStore({ events: 10 });
  let count = 0;
  const newId = () => `F-00000${++count}`;
  book = new FindingBook({ clock: new VirtualClock(), log: silentLog, store, newId });
  await book.load();
  demands = [];
  found = { ...endedCase(), node: 'node.example.org' };
  services = { findings: findingServices(book, node) } as Services;
  book.take([foundOf(HOST), foundOf('2001:db8::66', { score: 0.9 })]);
});

/** Items and result of a request, as the control socket gives them. */
async function ask(request: ControlRequest) {
  const parsed = parseRequest(JSON.parse(JSON.stringify(request)));
  if (typeof parsed === 'string') throw new GluewallError('bad-request', parsed);
  const answer = perform(services, parsed, new AbortController().signal);
  const items: unknown[] = [];
  for (;;) {
    const step = await answer.next();
    if (step.done === true) return { items, result: step.value };
    items.push(step.value);
  }
}

const refusal = (request: ControlRequest) => ask(request).then(notAsked, (error: GluewallError) => error.code);

describe('findings', () => {
  it('are listed in short, by host in any way of writing it', async () => {
    const { items, result } = await ask({ operation: 'findings list', host: '2001:DB8:0::66', limit: 5 });
    expect(result).toEqual({ count: 1 });
    expect(items).toEqual([
      {
        id: 'F-000002',
        kind: 'infected-host',
        subject: '2001:db8::66',
        state: 'new',
        score: 0.9,
        hosts: 1,
        because: 'asked 198.51.100.7 every 300 s, 40 times',
        opened: '2026-01-15T12:00:00.000Z',
        updated: '2026-01-15T12:00:00.000Z',
        last: '2026-01-15T11:30:00.000Z',
      },
    ]);
  });

  it('are shown in full, with times as ISO 8601', async () => {
    book.comment('F-000001', 'a word', 'alice');
    const { result } = await ask({ operation: 'findings show', finding: 'F-000001' });
    expect(result).toMatchObject({
      hosts: [HOST],
      first: '2026-01-15T10:30:00.000Z',
      reasons: [{ kind: 'beaconing', samples: [{ at: '2026-01-15T11:30:00.000Z' }] }],
      closed: null,
      comments: [{ at: '2026-01-15T12:00:00.000Z', by: 'alice', text: 'a word' }],
    });
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
  });

  it('are changed, and kept when the answer comes', async () => {
    const close = {
      operation: 'findings close',
      finding: 'F-000001',
      as: 'mistake',
      reason: ' no ',
      owner: 'alice',
    } as const;
    const { result } = await ask(close);
    expect(result).toMatchObject({
      kept: true,
      finding: { state: 'closed', closed: { by: 'alice', as: 'mistake', reason: 'no' } },
    });
    const kept: unknown[] = [];
    for await (const portion of store.loadFindings()) kept.push(...portion);
    expect(kept).toContainEqual(book.get('F-000001'));
    expect(await refusal(close)).toBe('finding-state');
  });

  it('are changed all the same when the store does not take it, which is said', async () => {
    await store.close();
    const { result } = await ask({ operation: 'findings acknowledge', finding: 'F-000001', owner: 'alice' });
    expect(result).toMatchObject({ kept: false, finding: { state: 'acknowledged' } });
  });

  it('of two who close at once one is told that it is closed', async () => {
    const close = (as: 'mistake' | 'accepted') =>
      ask({ operation: 'findings close', finding: 'F-000001', as, reason: 'no', owner: as }).then(
        () => 'closed',
        (error: GluewallError) => error.code,
      );
    expect(await Promise.all([close('mistake'), close('accepted')])).toEqual(['closed', 'finding-state']);
    expect(book.get('F-000001').closed?.as).toBe('mistake');
  });

  it.each([
    { operation: 'findings list', limit: 0 },
    { operation: 'findings list', limit: 5, kind: 'no kind' },
    { operation: 'findings close', finding: 'F-000001', as: 'nothing', reason: 'x', owner: '' },
    { operation: 'findings close', finding: 'F-000001', as: 'mistake', reason: '  ', owner: '' },
    { operation: 'findings comment', finding: 'F-000001', text: 'x'.repeat(2001), owner: '' },
    { operation: 'findings comment', finding: 'F-000001', text: 'x', owner: 'x'.repeat(65) },
    { operation: 'findings show', finding: '' },
    { operation: 'findings show', finding: 'F-000001', more: 1 },
  ])('refuse %j', async (request) => {
    expect(await refusal(request as ControlRequest)).toBe('bad-request');
    expect(book.get('F-000001')).toMatchObject({ state: 'new', comments: [] });
  });
});

describe('a traceback case from a finding', () => {
  it('takes from it when and from where, and is linked with it while it is worked on', async () => {
    const { items, result } = await ask({ ...TRACE, finding: 'F-000001', name: 'www.example.org' });
    expect(items).toHaveLength(2);
    expect(result).toBe(found);
    expect(demands.map(({ name, source, atMs, by }) => [formatName(name), formatAddress(source), atMs, by])).toEqual([
      ['www.example.org', HOST, FOUND_AT_MS, 'alice'],
    ]);
    expect(book.get('F-000001').cases).toEqual([found.id]);
  });

  it('is linked though nobody waits for its end', async () => {
    const parsed = parseRequest({ ...TRACE, finding: 'F-000001', name: 'www.example.org' });
    const answer = perform(services, parsed as Exclude<typeof parsed, string>, new AbortController().signal);
    await answer.next();
    await answer.return(undefined);
    expect(book.get('F-000001').cases).toEqual([found.id]);
  });

  it('takes what is given instead', async () => {
    const given = { name: 'a.example', at: '2026-01-15T09:00:00Z', source: '198.18.0.7' };
    await ask({ ...TRACE, finding: 'F-000001', ...given });
    expect(demands).toMatchObject([{ atMs: Date.UTC(2026, 0, 15, 9) }]);
    expect(formatAddress(demands[0]!.source)).toBe('198.18.0.7');
  });

  it('says what is missing, and opens none', async () => {
    book.take([foundOf('evil.example', { kind: 'c2-server' }), foundOf('192.0.2.25', { kind: 'answer-flood' })]);
    const problemOf = (finding: string) => ask({ ...TRACE, finding }).then(notAsked, (error: Error) => error.message);
    expect(await problemOf('F-000001')).toBe('F-000001 does not say what the victim is called: --name NAME');
    expect(await problemOf('F-000003')).toBe(
      'F-000003 does not say where its packets say that they come from: --source ADDRESS',
    );
    expect(await problemOf('F-000004')).toMatch(/--name NAME, nor .*--source ADDRESS$/);
    expect(demands).toEqual([]);
    await ask({ ...TRACE, finding: 'F-000003', source: '198.18.0.7' });
    expect(formatName(demands[0]!.name)).toBe('evil.example');
  });
});

describe('what a case found', () => {
  const inside = parseNetwork('192.0.2.0/24')!;
  const parts = (): CaseEvidenceParts => ({
    findings: book,
    isOwnHost: (address) => networkContains(inside, address),
  });
  const named = (address: string, confidence: number, path = ['node.example.org']) => ({
    ...endedCase().hosts[0]!,
    address,
    confidence,
    paths: [path],
  });
  async function run(hosts: Case['hosts']): Promise<void> {
    found = { ...found, hosts };
    const asked = withCaseEvidence(node, parts()).request({} as CaseDemand, new AbortController().signal);
    let step = await asked.next();
    while (step.done !== true) step = await asked.next();
    expect(step.value).toBe(found);
  }

  it('becomes a reason of the host that our own node named', async () => {
    await run([named(HOST, 0.6)]);
    const { reasons, score } = book.get('F-000001');
    expect(score).toBeCloseTo(1 - 0.15 * 0.4);
    expect(reasons).toEqual([
      reasonOf(),
      {
        kind: 'traceback',
        weight: 0.6,
        line: 'traceback case 00000000 names it for the attack on www.example.org at 2026-11-20T12:00:05.000Z: confidence 60 %',
        events: 2,
        firstAtMs: Date.parse('2026-11-20T12:00:03.000Z'),
        lastAtMs: Date.parse('2026-11-20T12:00:04.000Z'),
        samples: [{ atMs: Date.parse('2026-11-20T12:00:03.000Z'), text: expect.stringMatching(/^1 host asked/) }],
      },
    ]);
  });

  it('opens a finding where it is likelier than not, and is never certain by itself', async () => {
    await run([named('192.0.2.5', 0.49), named('192.0.2.6', 1)]);
    expect(book.list({ host: '192.0.2.5' })).toEqual([]);
    expect(book.list({ host: '192.0.2.6' })).toMatchObject([{ kind: 'infected-host', score: 0.99 }]);
  });

  it('says nothing of hosts that others named, or that are none of ours', async () => {
    await run([named(HOST, 0.9, ['node.example.org', 'other.example']), named('198.51.100.6', 0.9)]);
    expect(book.list()).toHaveLength(2);
    expect(book.get('F-000001').reasons).toEqual([reasonOf()]);
  });
});

describe('what our log named to a peer', () => {
  const named = (address: string, confidence: number, asker = 'peer.example') => {
    const { paths: _, expected: _expected, reasons: _reasons, ...host } = endedCase().hosts[0]!;
    const about = { case: found.id, name: 'www.example.org', at: '2026-11-20T12:00:05.000Z' };
    const hosts = [{ ...host, address, confidence, cases: [] }];
    takeNamed(
      { asker, ...about, hosts },
      { findings: book, isOwnHost: (other) => formatAddress(other) !== '192.0.2.9' },
    );
  };

  it('adds a little, once for each peer, however often it asks', () => {
    for (let time = 0; time < 20; time++) named(HOST, 1 - time / 1000);
    named(HOST, 0.1, 'other.example');
    const { score, reasons } = book.get('F-000001');
    expect(score).toBeCloseTo(1 - 0.15 * 0.75 * 0.9);
    expect(reasons.map(({ line }) => line)).toEqual([
      reasonOf().line,
      'named to peer.example, which traced an attack',
      'named to other.example, which traced an attack',
    ]);
  });

  it('opens none, and brings back none that was closed', () => {
    named('192.0.2.7', 1);
    named('192.0.2.9', 1);
    book.close('F-000001', 'mistake', 'no', 'alice');
    for (let peer = 0; peer < 20; peer++) named(HOST, 1, `peer${peer}.example`);
    expect(book.list()).toHaveLength(2);
    expect(book.get('F-000001')).toMatchObject({ state: 'closed', score: 0.85 });
  });
});

describe('without findings to ask about', () => {
  it('it is said', async () => {
    services = { findings: findingServices(undefined, node) } as Services;
    expect(await refusal({ operation: 'findings show', finding: 'F-1' })).toBe('not-running');
    expect(await refusal({ operation: 'findings list', limit: 1 })).toBe('not-running');
  });
});
