import { describe, expect, it } from 'vitest';
import { resultOf } from '../../../src/control/answer.ts';
import { perform } from '../../../src/control/perform.ts';
import { type ControlRequest, type ParsedRequest, parseRequest } from '../../../src/control/protocol.ts';
import { formatAddress } from '../../../src/core/address.ts';
import { formatName } from '../../../src/dns/name.ts';
import { logServices } from '../../../src/services/log-services.ts';
import type { NodeServices } from '../../../src/services/services.ts';
import { type NodeOperations, tracebackServices } from '../../../src/services/traceback-services.ts';
import type { Case, CaseSummary } from '../../../src/traceback/cases/case.ts';
import type { CaseDemand } from '../../../src/traceback/cases/case-demand.ts';

const signal = new AbortController().signal;
const ONE = { id: '0190c2f4' } as Case;

function parsed(request: ControlRequest): ParsedRequest {
  const found = parseRequest(request);
  if (typeof found === 'string') throw new Error(found);
  return found;
}

const services = (node?: Partial<NodeOperations>): NodeServices => ({
  hasGate: false,
  log: logServices(undefined),
  traceback: tracebackServices(node as NodeOperations | undefined),
  status: () => ({ node: 'there' }),
  reload: async () => ({ file: 'gluewall.yaml', outcome: 'unchanged', differences: [], warnings: [] }),
});

const REQUEST: ControlRequest = {
  operation: 'traceback request',
  name: 'WWW.Example.org',
  at: '2026-11-20T12:00:05Z',
  source: '192.0.2.7',
  beforeMs: 9000,
  commandAndControl: false,
  timeLimitMs: 30_000,
  owner: 'me',
};

describe('perform, on a traceback node without a gate', () => {
  it('answers status and reload', async () => {
    expect(await resultOf(perform(services(), parsed({ operation: 'status' }), signal))).toEqual({ node: 'there' });
    const reloaded = await resultOf(perform(services(), parsed({ operation: 'reload', isTrial: true }), signal));
    expect(reloaded).toMatchObject({ outcome: 'unchanged' });
  });

  it.each<ControlRequest>([
    { operation: 'lookup', target: '192.0.2.1' },
    { operation: 'bypass list' },
    { operation: 'clients' },
    { operation: 'events', limit: 1, follow: false },
    { operation: 'pack list' },
  ])('refuses $operation, and says why', async (request) => {
    await expect(resultOf(perform(services(), parsed(request), signal))).rejects.toMatchObject({ code: 'no-gate' });
  });
});

describe('requests about the traceback node', () => {
  it('are refused where there is none', async () => {
    await expect(resultOf(perform(services(), parsed({ operation: 'traceback list' }), signal))).rejects.toMatchObject({
      code: 'no-node',
    });
  });

  it('open a case, whose progress comes item by item, and which ends when nobody waits', async () => {
    const gone = new AbortController();
    let asked: CaseDemand | undefined;
    const node: Partial<NodeOperations> = {
      async *request(demand, given) {
        asked = demand;
        yield { case: ONE.id, step: 'confirm', words: 'asking' };
        expect(given.aborted).toBe(true);
        return ONE;
      },
    };
    const answer = perform(services(node), parsed(REQUEST), gone.signal);
    expect(await answer.next()).toMatchObject({ done: false, value: { step: 'confirm' } });
    gone.abort();
    expect(await answer.next()).toEqual({ done: true, value: ONE });
    const { name, source, ...others } = asked!;
    expect([formatName(name), formatAddress(source)]).toEqual(['www.example.org', '192.0.2.7']);
    expect(others).toEqual({
      atMs: Date.parse('2026-11-20T12:00:05Z'),
      beforeMs: 9000,
      afterMs: undefined,
      method: undefined,
      override: undefined,
      commandAndControl: false,
      timeLimitMs: 30_000,
      by: 'me',
    });
  });

  it('list, show, close and export cases', async () => {
    const asked: unknown[] = [];
    const told =
      <T>(answer: T) =>
      async (...args: unknown[]) => {
        asked.push(args);
        return answer;
      };
    const files = [{ name: 'case.json', text: '{}' }];
    const node = {
      list: told([ONE as unknown as CaseSummary]),
      show: told(ONE),
      close: told(ONE),
      evidence: told(files),
    };
    const ask = (request: ControlRequest) => perform(services(node), parsed(request), signal);
    const list = ask({ operation: 'traceback list' });
    expect(await list.next()).toEqual({ done: false, value: ONE });
    expect(await list.next()).toEqual({ done: true, value: { count: 1 } });
    expect(await resultOf(ask({ operation: 'traceback show', case: '0190' }))).toBe(ONE);
    await resultOf(ask({ operation: 'traceback close', case: '0190', reason: ' cleaned ', owner: 'me' }));
    expect(await resultOf(ask({ operation: 'traceback export', case: '0190', owner: 'me' }))).toEqual({ files });
    expect(asked).toEqual([[], ['0190'], ['0190', 'cleaned', 'me'], ['0190', 'me']]);
  });

  it.each([
    [{ ...REQUEST, source: 'www.example.org' }, 'source'],
    [{ ...REQUEST, at: 'yesterday' }, 'at'],
    [{ ...REQUEST, timeLimitMs: 1 }, 'timeLimitMs'],
    [{ ...REQUEST, beforeMs: 3_600_001 }, 'beforeMs'],
    [{ ...REQUEST, override: ' ' }, 'override'],
    [{ ...REQUEST, method: 'guess' }, 'method'],
    [{ operation: 'traceback show', case: '' }, 'case'],
    [{ operation: 'traceback close', case: '0190', reason: '', owner: '' }, 'reason'],
  ])('%j is none', (request, key) => {
    expect(parseRequest(request)).toContain(`${key}: `);
  });
});
