import { describe, expect, it } from 'vitest';
import { allowFlow, dropClientFlow, dropFlow } from '../../../src/controller/verdict-flows.ts';
import { checkPrerequisites } from '../../../src/openflow/match.ts';
import { addressOf } from '../../support/observations.ts';
import { showFlow } from './show-flow.ts';

const flows = (client: string, destination: string) => [
  allowFlow(addressOf(destination), 300),
  dropFlow(addressOf(client), addressOf(destination), 10),
  dropClientFlow(addressOf(client), 10),
];

describe('verdict flows', () => {
  it('match what the verdict read, and no more', () => {
    expect(flows('192.0.2.66', '203.0.113.8').map(showFlow)).toEqual([
      '1 300 eth_type=0x800 ipv4_dst=203.0.113.8 -> goto 2 (300s)',
      '1 200 eth_type=0x800 ipv4_src=192.0.2.66 ipv4_dst=203.0.113.8 -> metadata 0x20000/0xf0000, goto 3 (10s)',
      '1 100 eth_type=0x800 ipv4_src=192.0.2.66 -> metadata 0x20000/0xf0000, goto 3 (10s)',
    ]);
    expect(flows('2001:db8::66', '2001:db8:1::8').map(showFlow)).toEqual([
      '1 300 eth_type=0x86dd ipv6_dst=2001:db8:1::8 -> goto 2 (300s)',
      '1 200 eth_type=0x86dd ipv6_src=2001:db8::66 ipv6_dst=2001:db8:1::8 -> metadata 0x20000/0xf0000, goto 3 (10s)',
      '1 100 eth_type=0x86dd ipv6_src=2001:db8::66 -> metadata 0x20000/0xf0000, goto 3 (10s)',
    ]);
  });

  it('have matches that a switch accepts', () => {
    for (const flow of [...flows('192.0.2.66', '203.0.113.8'), ...flows('2001:db8::66', '2001:db8:1::8')]) {
      expect(checkPrerequisites(flow.match)).toBeUndefined();
    }
  });
});
