import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/load.ts';
import { summarise } from '../../../src/config/summary.ts';

const of = (text: string) => summarise(parseConfig(text, 'gluewall.yaml'));
const WHOLE = 'inside: {networks: [192.0.2.0/24]}\noutside: {ports: [eth0]}\ntrusted_resolvers: [192.0.2.53]\n';

describe('summarise', () => {
  it('says what a configuration would do', () => {
    expect(of(`${WHOLE}mode: enforce\n`)).toEqual({
      sentences: [
        'enforce: unknown destinations are blocked after a warm-up of 2d; while no controller answers they pass',
        'inside: 192.0.2.0/24; outside ports: eth0',
        'trusted resolvers: 192.0.2.53; allowed destinations: 0',
        'learns from responses to the trusted resolvers, captured on eth0',
        'up to 64 switches, which connect to 127.0.0.1:6653 by plain TCP',
        'kept in SQLite (written every 1s, 100000 events); events are not written to a file',
        'query log: what the gate blocks',
      ],
      warnings: [],
    });
    expect(of(`${WHOLE}eve: {file: eve.json}\nstore: {kind: memory}`).sentences).toContain(
      'nothing is kept beyond a restart; events are written to eve.json',
    );
    const tls = 'tls: {key: key.pem, certificate: cert.pem, ca: ca.pem}';
    expect(of(`openflow: {listen: "[::]:6653", ${tls}, connect: ["ssl:192.0.2.9"]}`).sentences).toContain(
      'up to 64 switches, which connect to [::]:6653 by TLS, with a certificate of ca.pem; it connects to ssl:192.0.2.9:6653',
    );
    expect(of(`${WHOLE}openflow: {learn: true}`).sentences).toContain(
      'learns from responses to the trusted resolvers, captured by the switches',
    );
    expect(of(`${WHOLE}openflow: {learn: true}\ncapture: {interfaces: [eth1]}`).sentences).toContain(
      'learns from responses to the trusted resolvers, captured by the switches and on eth1',
    );
    expect(of(WHOLE).sentences[0]).toBe('monitor: every query passes, verdicts are only told');
  });

  it('names a few of many', () => {
    const ports = Array.from({ length: 20 }, (_, n) => `eth${n}`).join(', ');
    expect(of(`outside: {ports: [${ports}]}`).sentences[1]).toContain('eth6, eth7 and 12 more');
  });

  it.each([
    ['nothing is judged', '', `${WHOLE}`],
    ['nothing is captured', 'outside: {ports: [3]}', 'outside: {ports: [3]}\ncapture: {interfaces: [eth0]}'],
    ['nothing is captured', 'outside: {ports: [3]}', `${WHOLE}openflow: {learn: true}`],
    ['without a warm-up', `${WHOLE}mode: enforce\nwarmup: 0`, `${WHOLE}mode: enforce\nwarmup: 1s`],
    ['store.kind memory', `${WHOLE}mode: enforce\nstore: {kind: memory}`, `${WHOLE}store: {kind: memory}`],
    ['on_failure: closed does nothing', `${WHOLE}on_failure: closed`, `${WHOLE}on_failure: closed\nmode: enforce`],
    ['teach: matched', `${WHOLE}teach: matched`, `${WHOLE}teach: chain`],
    [
      'a trusted resolver is in none',
      `${WHOLE.replace('.53', '.53, 198.51.100.1')}capture: {direction: networks}`,
      `${WHOLE}capture: {direction: networks}`,
    ],
    ['seed is for demonstration', `${WHOLE}seed: [192.0.2.9]`, WHOLE],
    [
      'OpenFlow without TLS',
      `${WHOLE}openflow: {listen: "0.0.0.0:6653", plain: anywhere}`,
      `${WHOLE}openflow: {listen: "[::1]:6653", plain: anywhere}`,
    ],
    [
      'OpenFlow without TLS',
      `${WHOLE}openflow: {connect: ["tcp:192.0.2.9"], plain: anywhere}`,
      `${WHOLE}openflow: {connect: ["tcp:127.0.0.1"], plain: anywhere}`,
    ],
  ])('warns: %s', (start, warned, fine) => {
    expect(of(warned).warnings.filter((warning) => warning.startsWith(start))).toHaveLength(1);
    expect(of(fine).warnings.filter((warning) => warning.startsWith(start))).toEqual([]);
  });
});
