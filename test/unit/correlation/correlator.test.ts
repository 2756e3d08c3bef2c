import { describe, expect, it } from 'vitest';
import { parseNetwork } from '../../../src/core/address.ts';
import {
  type CorrelationOptions,
  DEFAULT_CORRELATION,
  type Site,
} from '../../../src/correlation/correlation-options.ts';
import { type CorrelationRound, Correlator } from '../../../src/correlation/correlator.ts';
import { RCODE } from '../../../src/dns/registry.ts';
import { address, answer, BEGIN_MS, name, query, RESOLVER } from '../../support/host-events.ts';

const OPTIONS: CorrelationOptions = { ...DEFAULT_CORRELATION, hosts: 100, pairs: 10_000 };
const SITE: Site = { insideNetworks: [parseNetwork('192.0.2.0/24')!], trustedResolvers: [RESOLVER], mailServers: [] };
const BOTS = ['192.0.2.66', '192.0.2.67', '192.0.2.68'].map(address);
const OTHERS = Array.from({ length: 20 }, (_, index) => address(`192.0.2.${100 + index}`));
const MINUTES = 120;
const NOW_MS = BEGIN_MS + MINUTES * 60_000;

function rounded(correlator: Correlator, nowMs = NOW_MS): CorrelationRound {
  const items = correlator.round(nowMs);
  for (;;) {
    const step = items.next();
    if (step.done === true) return step.value;
  }
}

/** Bots ask for their C&C each minute, and for names that nobody has; everybody asks for a popular one. */
function filled(correlator: Correlator, command = 'k7f3q9z.example'): Correlator {
  const letters = 'bcdfghjklmnpqrstvwxz';
  let state = 9;
  const draw = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const drawn = () => Array.from({ length: 14 }, () => letters[draw(20)]).join('');
  for (let minute = 0; minute < MINUTES; minute++) {
    const atMs = minute * 60_000;
    for (const host of BOTS) {
      correlator.observe(query(atMs, { host, name: name(command) }));
      for (let count = 0; count < 3; count++) {
        const missing = name(`${drawn()}.example`);
        correlator.observe(query(atMs + 1000 * count, { host, name: missing }));
        correlator.observe(answer(atMs + 1000 * count, { host, name: missing, responseCode: RCODE.NXDOMAIN }));
      }
    }
    for (const host of [...BOTS, ...OTHERS]) correlator.observe(query(atMs + 30_000 + draw(20_000), { host }));
  }
  return correlator;
}

describe('Correlator', () => {
  it('finds infected hosts, their group and what they have in common', () => {
    const correlator = filled(new Correlator(OPTIONS, SITE));
    const { found, groups } = rounded(correlator);
    expect(groups).toHaveLength(1);
    expect(groups[0]!.hosts.map(({ host }) => host).sort()).toEqual([...BOTS].sort());
    expect(groups[0]!.candidates[0]).toMatchObject({ role: 'c2', name: name('k7f3q9z.example') });
    const ofHosts = found.filter(({ kind }) => kind === 'infected-host');
    expect(ofHosts.map(({ subject }) => subject).sort()).toEqual(['192.0.2.66', '192.0.2.67', '192.0.2.68']);
    expect(ofHosts[0]!.reasons.map(({ kind }) => kind)).toContain('group');
    expect(found.filter(({ kind }) => kind === 'bot-group').map(({ subject }) => subject)).toEqual([groups[0]!.id]);
    expect(correlator.figures.hosts).toBe(BOTS.length + OTHERS.length);
  });

  it('says of a host what speaks against it, and that with its group', () => {
    const correlator = filled(new Correlator(OPTIONS, SITE));
    const alone = correlator.hostView(BOTS[0]!, NOW_MS)[0]!;
    expect(alone.group).toBeUndefined();
    const { groups } = rounded(correlator);
    const [sight] = correlator.hostView(BOTS[0]!, NOW_MS);
    expect(sight!.group).toMatchObject({ id: groups[0]!.id, reason: { kind: 'group' } });
    expect(sight!.score).toBeGreaterThan(alone.score);
    expect(correlator.hostView(address('192.0.2.250'), NOW_MS)).toEqual([]);
  });

  it('gives a group that was known before its id again', () => {
    const { groups } = rounded(filled(new Correlator(OPTIONS, SITE)));
    const again = filled(new Correlator(OPTIONS, SITE));
    again.restore([{ ...groups[0]!, features: [], candidates: [], matches: [] }]);
    expect(rounded(again).groups[0]!.id).toBe(groups[0]!.id);
  });

  it('takes names of the site itself for no bond', () => {
    const correlator = filled(new Correlator(OPTIONS, SITE, [name('corp.example')]), 'login.corp.example');
    const shared = rounded(correlator).groups.flatMap(({ features }) => features.map(({ feature }) => feature));
    expect(shared.filter((feature) => feature.kind === 'name' && feature.name === name('login.corp.example'))).toEqual(
      [],
    );
  });

  it('takes up another score while it runs', () => {
    const correlator = filled(new Correlator(OPTIONS, SITE));
    correlator.configure({ minScore: 1, site: SITE, zones: [] });
    expect(rounded(correlator).found.filter(({ kind }) => kind === 'infected-host')).toEqual([]);
  });

  it('goes on when hosts are forgotten while a round is under way', () => {
    const correlator = filled(new Correlator({ ...OPTIONS, hosts: 30 }, SITE));
    const items = correlator.round(NOW_MS);
    let next = 0;
    for (let step = items.next(); step.done !== true; step = items.next()) {
      for (let count = 0; count < 5; count++) {
        correlator.observe(query(MINUTES * 60_000, { host: address(`192.0.2.${next++ % 250}`) }));
      }
    }
    expect(correlator.figures.hosts).toBeLessThanOrEqual(30);
  });
});
