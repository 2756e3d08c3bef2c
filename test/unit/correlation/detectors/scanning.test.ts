import { describe, expect, it } from 'vitest';
import { outside, syn, synAck } from '../../../support/host-events.ts';
import { bookOf, series, watch } from '../../../support/watched-host.ts';

const KIND = 'scanning';

const scan = (port: number, count: number, stepMs = 1000) =>
  series(count, stepMs, (atMs, index) => syn(atMs, { destination: outside(index), port }));

describe('Scanning', () => {
  it.each([135, 139, 445, 22, 23, 2323])('is sure of a host that tries hundreds of addresses at port %i', (port) => {
    const { weight, evidence } = watch(scan(port, 400));
    expect(weight(KIND)).toBeGreaterThan(0.8);
    expect(evidence.get(KIND)!.line).toEqual(
      expect.stringMatching(/^scans .*: about \d{3} destinations within 20 minutes/),
    );
    expect(evidence.get(KIND)!.samples).toHaveLength(5);
  });

  it('weighs more the more there are', () => {
    const weights = [10, 40, 80, 200].map((count) => watch(scan(445, count)).weight(KIND));
    expect(weights).toEqual([...weights].sort((a, b) => a - b));
    expect(weights[0]).toBe(0);
  });

  it('says nothing of a browser, of mail, of file sharing, nor of a few file servers', () => {
    const web = series(2000, 100, (atMs, index) =>
      syn(atMs, { destination: outside(index), port: index % 5 ? 443 : 80 }),
    );
    const peers = series(2000, 100, (atMs, index) =>
      syn(atMs, { destination: outside(index), port: 6881 + ((index * 769) % 50_000) }),
    );
    const files = series(2000, 100, (atMs, index) => syn(atMs, { destination: outside(index % 8), port: 445 }));
    for (const events of [web, scan(25, 2000), peers, files]) expect(watch(events).evidence.has(KIND)).toBe(false);
  });

  it('halves it for an administrator, who is let in', () => {
    const inventory = series(400, 1000, (atMs, index) => [
      syn(atMs, { destination: outside(index), port: 22 }),
      synAck(atMs + 5, { destination: outside(index), port: 22 }),
    ]);
    expect(watch(inventory).weight(KIND)).toBeLessThan(0.5);
    expect(watch(inventory).weight(KIND)).toBeGreaterThan(0.3);
  });

  it('does not believe who accepts what was not begun, nor one destination for many', () => {
    const tried = scan(445, 300, 100);
    const forged = series(300, 1, (atMs, index) =>
      synAck(31_000 + atMs, { destination: outside(9999 + index), port: 445 }),
    );
    const friend = series(300, 100, (atMs) => [
      syn(atMs + 31_000, { destination: outside(9999), port: 445 }),
      synAck(atMs + 31_005, { destination: outside(9999), port: 445 }),
    ]);
    const alone = watch([...tried, synAck(30_001)]).weight(KIND);
    expect(alone).toBeGreaterThan(0.8);
    expect(watch([...tried, ...forged]).weight(KIND)).toBeCloseTo(alone, 3);
    expect(watch([...tried, ...friend]).weight(KIND)).toBeCloseTo(alone, 1);
  });

  it('sees hundreds of web servers tried that do not answer, where it sees those that do', () => {
    const tried = series(50_000, 10, (atMs, index) =>
      syn(atMs, { destination: outside(index), port: [80, 443, 8080, 8443][index % 4]! }),
    );
    const { weight, evidence } = watch([synAck(0), ...tried]);
    expect(weight(KIND)).toBeGreaterThan(0.6);
    expect(evidence.get(KIND)!.line).toEqual(
      expect.stringMatching(/^scans web servers that do not answer: about \d+ dest/),
    );
    const crawler = series(50_000, 10, (atMs, index) => {
      const to = { destination: outside(index), port: 443 };
      return index % 3 === 0 ? syn(atMs, to) : [syn(atMs, to), synAck(atMs + 5, to)];
    });
    const retrying = series(20_000, 20, (atMs, index) => syn(atMs, { destination: outside(index % 40), port: 443 }));
    for (const honest of [tried, crawler, [synAck(0), ...retrying]])
      expect(watch(honest).evidence.has(KIND)).toBe(false);
  });

  it('sees many ports of one host', () => {
    const events = series(300, 50, (atMs, index) => syn(atMs, { port: 1 + index }));
    const { weight, evidence } = watch(events);
    expect(weight(KIND)).toBeGreaterThan(0.6);
    expect(evidence.get(KIND)!.line).toEqual(expect.stringMatching(/^scans many ports of one host: about \d+ ports/));
  });

  it('does not see a scan in what comes to many in days', () => {
    expect(watch(scan(445, 400, 3_600_000)).evidence.has(KIND)).toBe(false);
  });

  it('halves in the half-life, also while the host uses its file server on', () => {
    const book = bookOf();
    const halfLifeMs = book.options.halfLifeMs;
    let host = 0;
    for (const event of scan(445, 400)) host = book.observe(event);
    const event = syn(400_000 + halfLifeMs, { destination: outside(1), port: 445 });
    book.observe(event);
    const [evidence] = book.evidence(host, event.atMs);
    expect(evidence!.kind).toBe(KIND);
    expect(evidence!.weight).toBeGreaterThan(0.4);
    expect(evidence!.weight).toBeLessThan(0.5);
  });
});
