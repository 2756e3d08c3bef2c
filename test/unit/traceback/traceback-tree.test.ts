/** Any tree of nodes and logs: the hosts that asked in the window and can be reached are named, and no others. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gapsOf, namedHosts, type RigNode, TracebackRig, VICTIM } from '../../support/traceback-rig.ts';

const BEFORE_MS = 5000;
const AFTER_MS = 1000;
const CACHE_MS = 7_200_000;

/** A node below the root, which is the destination. */
interface Branch {
  /** Of the nodes before it. */
  readonly parent: number;
  readonly state: 'answers' | 'is away' | 'unknown';
  readonly isForwarder: boolean;
  /** When its DNS server asked that of its parent. */
  readonly askedBeforeMs: number;
  /** When its hosts asked. */
  readonly hosts: readonly number[];
}

const anyTime = fc.oneof(
  fc.constantFrom(BEFORE_MS, BEFORE_MS + 1, 1 - AFTER_MS, -AFTER_MS, 0, BEFORE_MS + CACHE_MS, BEFORE_MS + CACHE_MS + 1),
  fc.integer({ min: -2 * AFTER_MS, max: 2 * BEFORE_MS }),
  fc.integer({ min: -AFTER_MS, max: 2 * CACHE_MS }),
);
const anyBranch: fc.Arbitrary<Branch> = fc.record({
  parent: fc.nat(),
  state: fc.constantFrom('answers', 'answers', 'answers', 'is away', 'unknown'),
  isForwarder: fc.boolean(),
  askedBeforeMs: anyTime,
  hosts: fc.array(anyTime, { maxLength: 4 }),
});

const isInWindow = (beforeMs: number) => beforeMs <= BEFORE_MS && beforeMs > -AFTER_MS;
const isInCache = (beforeMs: number) => beforeMs <= BEFORE_MS + CACHE_MS && beforeMs > -AFTER_MS;
const nameOf = (index: number) => (index === 0 ? 'd.test' : `n${index}.test`);
const serverOf = (index: number) => `203.0.113.${index}`;
const hostOf = (index: number, host: number) => `198.51.${index}.${host + 1}`;
const parentOf = ({ parent }: Branch, index: number) => parent % (index + 1);

async function rigOf(branches: readonly Branch[]): Promise<TracebackRig> {
  const known = (parent: number) =>
    branches.flatMap((branch, index) => {
      return parentOf(branch, index) === parent && branch.state !== 'unknown' ? [nameOf(index + 1)] : [];
    });
  const specs: Record<string, RigNode> = { 'd.test': { zones: ['example.org'], peers: known(0) } };
  for (const [index, { isForwarder }] of branches.entries()) {
    const number = index + 1;
    const clients = [`198.51.${number}.0/24`];
    specs[nameOf(number)] = { isForwarder, clients, servers: [serverOf(number)], peers: known(number) };
  }
  const rig = new TracebackRig(specs);
  await rig.log('d.test', ['192.0.2.53', 0, 'other.test']);
  for (const [index, branch] of branches.entries()) {
    const number = index + 1;
    const queries = branch.hosts.map((beforeMs, host) => [hostOf(number, host), beforeMs] as const);
    await rig.log(nameOf(number), ['192.0.2.53', 0, 'other.test'], ...queries);
    await rig.log(nameOf(parentOf(branch, index)), [serverOf(number), branch.askedBeforeMs, VICTIM]);
    if (branch.state === 'is away') rig.impostors.set(nameOf(number), () => Promise.reject(new Error('away')));
  }
  return rig;
}

/** What the answer must be: a walk of the tree. */
function expected(branches: readonly Branch[]) {
  const hosts: Record<string, string[]> = {};
  const gaps: string[] = [];
  /** Who asked tells itself the addresses, a peer whether there are some. */
  const unknownAt = (parent: number, server: string) => {
    if (parent === 0) gaps.push(`unknown server ${nameOf(0)} ${server}`);
    else if (!gaps.includes(`unknown server ${nameOf(parent)}`)) gaps.push(`unknown server ${nameOf(parent)}`);
  };
  const visit = (parent: number, hopLimit: number) => {
    for (const [index, branch] of branches.entries()) {
      if (parentOf(branch, index) !== parent || !isInCache(branch.askedBeforeMs)) continue;
      const number = index + 1;
      if (branch.state === 'unknown') unknownAt(parent, serverOf(number));
      else if (hopLimit === 0) gaps.push(`hop limit ${nameOf(number)} ${serverOf(number)}`);
      else if (branch.state === 'is away') gaps.push(`unreachable ${nameOf(number)} ${serverOf(number)}`);
      else {
        hosts[nameOf(number)] = branch.hosts
          .flatMap((at, host) => (isInWindow(at) ? [hostOf(number, host)] : []))
          .sort();
        if (branch.isForwarder) visit(number, hopLimit - 1);
      }
    }
  };
  return { hosts, gaps, visit };
}

describe('TracebackNode in any tree', () => {
  it('names who asked in the window and can be reached, and has a gap for each part that cannot', async () => {
    let named = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyBranch, { maxLength: 7 }),
        fc.integer({ min: 0, max: 5 }),
        async (branches, hopLimit) => {
          const rig = await rigOf(branches);
          const answer = await rig.traceback('d.test', { hopLimit });
          const { hosts, gaps, visit } = expected(branches);
          visit(0, hopLimit);
          expect(namedHosts(answer)).toEqual(hosts);
          const told = gapsOf(answer).filter((gap) => !gap.startsWith('too many'));
          // Of more than four behind one peer there is only their number.
          if (told.length === answer.gaps.length) expect(told).toEqual(gaps.sort());
          else expect(gaps).toEqual(expect.arrayContaining(told));
          named += Object.values(hosts).flat().length;
        },
      ),
      { numRuns: 200 },
    );
    // Trees without anybody to find would hold, too.
    expect(named).toBeGreaterThan(50);
  });
});
