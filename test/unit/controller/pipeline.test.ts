import { describe, expect, it } from 'vitest';
import {
  COOKIE_TAG,
  COOKIE_TAG_MASK,
  COPY_REASON,
  type CopyReason,
  cookieOf,
  copyReasonOf,
  flow,
  GROUP_MASK,
  gotoTable,
  learningDirection,
  mayWait,
  PIPELINE,
  REASON_MASK,
  type TableName,
} from '../../../src/controller/pipeline.ts';
import { GluewallError } from '../../../src/core/errors.ts';

const tables = Object.entries(PIPELINE);

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof GluewallError) return error.code;
    throw error;
  }
  return undefined;
}

describe('PIPELINE', () => {
  it('leads only forward', () => {
    for (const [name, { id, next }] of tables) {
      for (const target of next) expect(PIPELINE[target as TableName].id, `${name} to ${target}`).toBeGreaterThan(id);
    }
  });

  it('names no table number and no rule twice', () => {
    expect(new Set(tables.map(([, { id }]) => id)).size).toBe(tables.length);
    const rules = tables.flatMap(([, { entries }]) => Object.values(entries).map(({ rule }) => rule));
    expect(new Set(rules).size).toBe(rules.length);
    expect(Math.min(...rules)).toBeGreaterThan(0);
  });

  it('places the bypass above allow above drop above the drop of a client above the question above the fallback', () => {
    const { bypass, allow, drop, dropClient, ask, failOpen, observe } = PIPELINE.verdict.entries;
    const priorities: number[] = [bypass, allow, drop, dropClient, ask, failOpen].map(({ priority }) => priority);
    expect(priorities).toEqual([...priorities].sort((a, b) => b - a));
    expect(new Set(priorities).size).toBe(6);
    expect(observe.priority).toBe(failOpen.priority);
  });

  it('classifies direction before resolvers before DNS before the rest', () => {
    const { outsidePort, insideNetwork, fromResolver, toResolver, outboundDns, other } = PIPELINE.classify.entries;
    const priorities: number[] = [outsidePort, insideNetwork, fromResolver, outboundDns, other].map(
      ({ priority }) => priority,
    );
    expect(priorities).toEqual([...new Set(priorities)].sort((a, b) => b - a));
    expect(toResolver.priority).toBe(fromResolver.priority);
  });

  it('has room for 256 groups between what comes before them and the rest', () => {
    const { toResolver, hiddenPorts, groupDns, outboundDns } = PIPELINE.classify.entries;
    expect(groupDns.priority - groupDns.lowestPriority + 1).toBe(256);
    expect(toResolver.priority).toBeGreaterThan(hiddenPorts.priority);
    expect(hiddenPorts.priority).toBeGreaterThan(groupDns.priority);
    expect(groupDns.lowestPriority).toBeGreaterThan(outboundDns.priority);
    const priorityOf = (below: number) => flow('classify', 'groupDns', { instructions: [], below }).priority;
    expect([priorityOf(0), priorityOf(255)]).toEqual([groupDns.priority, groupDns.lowestPriority]);
    expect(codeOf(() => priorityOf(256))).toBe('pipeline');
    expect(codeOf(() => flow('classify', 'outboundDns', { instructions: [], below: 1 }))).toBe('pipeline');
  });

  it('keeps the bits of the group and those of the reason apart', () => {
    expect(GROUP_MASK & REASON_MASK).toBe(0n);
    const reasons = Object.values(COPY_REASON);
    for (const reason of reasons) expect(reason & ~REASON_MASK).toBe(0n);
    expect(new Set(reasons).size).toBe(reasons.length);
  });
});

describe('cookieOf', () => {
  it('is tag, generation, rule id', () => {
    expect(cookieOf(0xabcd, 0x12345678)).toBe(0x6757abcd12345678n);
    expect(cookieOf(0xffff, 0xffffffff) & COOKIE_TAG_MASK).toBe(BigInt(COOKIE_TAG) << 48n);
    expect(cookieOf(0, 0)).toBe(0x6757000000000000n);
  });
});

describe('copyReasonOf', () => {
  const reasonOf = (cookie: bigint) =>
    copyReasonOf({ cookieHigh: Number(cookie >> 32n), cookieLow: Number(cookie & 0xffffffffn) });

  it('reads it from the rule in a cookie of ours, of any generation', () => {
    for (const [reason, { rule }] of Object.entries(PIPELINE.copy.entries)) {
      expect(reasonOf(cookieOf(0, rule))).toBe(reason);
      expect(reasonOf(cookieOf(0xffff, rule))).toBe(reason);
      expect(reasonOf(cookieOf(7, rule) ^ (1n << 63n))).toBeUndefined();
    }
    expect(reasonOf(cookieOf(7, PIPELINE.verdict.entries.ask.rule))).toBeUndefined();
    expect(reasonOf(0n)).toBeUndefined();
  });

  it('tells which copies are there to learn from, and which way their packets went', () => {
    const directions = Object.keys(COPY_REASON).map((reason) => [reason, learningDirection(reason as CopyReason)]);
    expect(Object.fromEntries(directions)).toEqual({
      observed: undefined,
      blocked: undefined,
      query: 'outbound',
      response: 'inbound',
      fragment: 'inbound',
      allowed: undefined,
    });
    expect(learningDirection(undefined)).toBeUndefined();
  });

  it('tells which copies may wait: not those that may be of a bot, nor what is no copy', () => {
    const reasons = Object.keys(COPY_REASON) as CopyReason[];
    expect(reasons.filter(mayWait)).toEqual(['query', 'response', 'fragment', 'allowed']);
    expect(mayWait(undefined)).toBe(false);
  });
});

describe('flow', () => {
  it('takes place, priority and rule from the declaration', () => {
    expect(flow('verdict', 'ask', { instructions: [], hardTimeoutSeconds: 15 })).toEqual({
      tableId: 1,
      priority: 10,
      rule: 19,
      match: [],
      instructions: [],
      hardTimeoutSeconds: 15,
    });
    expect(flow('forward', 'normal', { instructions: [gotoTable('copy')] }).hardTimeoutSeconds).toBe(0);
  });

  it('refuses a match field that its table does not declare', () => {
    expect(codeOf(() => flow('forward', 'normal', { match: [{ field: 'in_port', value: 1 }], instructions: [] }))).toBe(
      'pipeline',
    );
    expect(
      codeOf(() => flow('copy', 'observed', { match: [{ field: 'eth_type', value: 0x800 }], instructions: [] })),
    ).toBe('pipeline');
    expect(
      codeOf(() => flow('classify', 'outsidePort', { match: [{ field: 'in_port', value: 1 }], instructions: [] })),
    ).toBeUndefined();
  });

  it('refuses a way that its table does not declare', () => {
    for (const from of ['classify', 'verdict', 'forward', 'copy'] as const) {
      for (const to of ['classify', 'verdict', 'forward', 'copy'] as const) {
        const [kind] = Object.keys(PIPELINE[from].entries);
        const declared = (PIPELINE[from].next as readonly string[]).includes(to);
        const code = codeOf(() => flow(from, kind as never, { instructions: [gotoTable(to)] }));
        expect(code, `${from} to ${to}`).toBe(declared ? undefined : 'pipeline');
      }
    }
  });
});
