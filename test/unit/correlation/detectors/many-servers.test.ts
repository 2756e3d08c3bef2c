import { describe, expect, it } from 'vitest';
import { RECORD_TYPE } from '../../../../src/dns/registry.ts';
import { directQuery, HOST, name, outside, query, syn } from '../../../support/host-events.ts';
import { series, watch } from '../../../support/watched-host.ts';

const KIND = 'many-servers';
/** As BIND and Unbound ask: addresses, delegations and keys, hardly for MX. */
const TYPES = [1, 1, 28, 2, 43, 48, 1, 28, 12, RECORD_TYPE.MX];

const ownResolver = series(1500, 20_000, (atMs, index) =>
  directQuery(atMs, {
    server: outside(index % 300),
    name: name(`www.site${index % 200}.example`),
    type: TYPES[index % TYPES.length]!,
    recursionDesired: false,
  }),
);

const spamBot = series(400, 10_000, (atMs, index) => {
  const asked = { server: outside(index % 120), name: name(`d${index}.example`), recursionDesired: false };
  return [
    directQuery(atMs, { ...asked, type: RECORD_TYPE.MX }),
    directQuery(atMs + 50, { ...asked, name: name(`mx.d${index}.example`) }),
    syn(atMs + 100, { port: 25, destination: outside(10_000 + index) }),
  ];
});

describe('ManyServers', () => {
  it('says little of a full resolver of its own', () => {
    const { weight, score } = watch(ownResolver);
    expect(weight(KIND)).toBeCloseTo(0.15);
    expect(score).toBeLessThan(0.8);
  });

  it('is sure of a bot that resolves for its mail (paper 1, figure 3)', () => {
    const { weight, evidence, score } = watch(spamBot);
    expect(weight(KIND)).toBeGreaterThan(0.8);
    expect(score).toBeGreaterThan(0.9);
    expect(evidence.get(KIND)!.line).toEqual(
      expect.stringMatching(
        /^resolves for itself: asked about 1[0-9]{2} DNS servers directly, 50 % for MX, and began SMTP/,
      ),
    );
  });

  it('is sure of it where no connections are seen, too', () => {
    expect(watch(spamBot.filter(({ kind }) => kind === 'query')).score).toBeGreaterThan(0.8);
  });

  it('says nothing of few servers, and nothing of a mail server with the resolver of the site', () => {
    expect(watch(series(100, 1000, (atMs) => directQuery(atMs))).evidence.has(KIND)).toBe(false);
    const mailServer = series(500, 10_000, (atMs, index) => [
      query(atMs, { type: RECORD_TYPE.MX, name: name(`d${index}.example`) }),
      query(atMs + 10, { type: 12, name: name(`${index % 256}.100.51.198.in-addr.arpa`) }),
      syn(atMs + 90, { port: 25, destination: outside(index) }),
    ]);
    const { evidence, score } = watch(mailServer);
    expect(evidence.has(KIND)).toBe(false);
    expect(score).toBeLessThan(0.5);
  });

  it('is not shown what a mail server of the site does', () => {
    expect(watch(spamBot, { mailServers: [HOST] }).evidence.has(KIND)).toBe(false);
  });
});
