import { describe, expect, it } from 'vitest';
import { cookieOf, type Flow } from '../../../src/controller/pipeline.ts';
import {
  hostKey,
  type Quarantine,
  type QuarantinedHost,
  quarantineFlows,
  readQuarantines,
} from '../../../src/controller/quarantine-flows.ts';
import type { FlowStats } from '../../../src/openflow/schema/multipart.ts';
import { addressOf } from '../../support/observations.ts';
import { showFlow } from './show-flow.ts';

const host = (text: string): QuarantinedHost => ({ address: addressOf(text) });
const MAC: QuarantinedHost = { mac: 0x0200000000ab };
const of = (one: QuarantinedHost, scope: Quarantine['scope'], remediation?: string): Quarantine => ({
  host: one,
  scope,
  remediation: remediation === undefined ? undefined : addressOf(remediation),
});
const shown = (quarantine: Quarantine) => quarantineFlows(quarantine, 60).map(showFlow);
/** As a switch that has had the flow for `age` seconds tells of it. */
const stats = ({ tableId, priority, rule, match, instructions, hardTimeoutSeconds }: Flow, age = 0) =>
  ({
    tableId,
    priority,
    match,
    instructions,
    cookie: cookieOf(7, rule),
    hardTimeout: hardTimeoutSeconds,
    durationSec: age,
  }) as unknown as FlowStats;

describe('the flows of a quarantine', () => {
  it('drop the DNS of a host, plain and encrypted, by UDP and TCP', () => {
    expect(shown(of(host('192.0.2.66'), 'dns'))).toEqual([
      '0 450 eth_type=0x800 ipv4_src=192.0.2.66 ip_proto=17 udp_dst=53 -> drop (60s)',
      '0 450 eth_type=0x800 ipv4_src=192.0.2.66 ip_proto=6 tcp_dst=53 -> drop (60s)',
      '0 450 eth_type=0x800 ipv4_src=192.0.2.66 ip_proto=17 udp_dst=853 -> drop (60s)',
      '0 450 eth_type=0x800 ipv4_src=192.0.2.66 ip_proto=6 tcp_dst=853 -> drop (60s)',
    ]);
    expect(shown(of(MAC, 'dns'))).toHaveLength(8);
  });

  it('drop all, but for what keeps the addresses of the host and leads to remediation', () => {
    expect(shown(of(host('192.0.2.66'), 'all', '192.0.2.80'))).toEqual([
      '0 460 eth_type=0x800 ipv4_src=192.0.2.66 ipv4_dst=255.255.255.255 ip_proto=17 udp_dst=67 -> goto 2 (60s)',
      '0 460 eth_type=0x800 ipv4_src=192.0.2.66 ipv4_dst=192.0.2.80 -> goto 2 (60s)',
      '0 450 eth_type=0x800 ipv4_src=192.0.2.66 -> drop (60s)',
    ]);
    const ipv6 = shown(of(host('2001:db8::66'), 'all', '192.0.2.80'));
    expect(ipv6.filter((line) => line.includes('icmpv6_type'))).toHaveLength(3);
    expect(ipv6.filter((line) => line.includes('udp_dst=547'))).toEqual([
      expect.stringContaining('ipv6_dst=ff02::1:2 '),
    ]);
    expect(ipv6.filter((line) => line.includes('192.0.2.80'))).toEqual([]);
    expect(shown(of(MAC, 'all', '2001:db8::80')).filter((line) => line.startsWith('0 450'))).toEqual([
      '0 450 eth_src=02:00:00:00:00:ab eth_type=0x800 -> drop (60s)',
      '0 450 eth_src=02:00:00:00:00:ab eth_type=0x86dd -> drop (60s)',
    ]);
  });

  it('are read back as the quarantine that made them', () => {
    const quarantines = [
      of(host('192.0.2.66'), 'dns'),
      of(host('192.0.2.67'), 'all', '192.0.2.80'),
      of(host('2001:db8::66'), 'all'),
      of(MAC, 'all', '192.0.2.80'),
    ];
    const present = quarantines.flatMap((one) => quarantineFlows(one, 60)).map((flow) => stats(flow, 20));
    const byKey = new Map(readQuarantines(present.reverse()).map((one) => [hostKey(one.host), one]));
    expect(byKey.size).toBe(4);
    for (const one of quarantines) expect(byKey.get(hostKey(one.host))).toEqual({ ...one, secondsLeft: 40 });
  });

  it('are not read back where they have ended, or are of others', () => {
    const flows = quarantineFlows(of(host('192.0.2.66'), 'all'), 60);
    expect(readQuarantines(flows.map((flow) => stats(flow, 60)))).toEqual([]);
    expect(readQuarantines(flows.map((flow) => ({ ...stats(flow), tableId: 1 })))).toEqual([]);
    expect(readQuarantines(flows.map((flow) => ({ ...stats(flow), match: [] })))).toEqual([]);
  });
});
