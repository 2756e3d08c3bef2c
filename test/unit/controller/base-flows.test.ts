import { describe, expect, it } from 'vitest';
import {
  ASK_RENEWAL_MS,
  ASK_TIMEOUT_SECONDS,
  type BaseSettings,
  baseFlows,
  COPY_METERS,
  generationOf,
  type Learning,
} from '../../../src/controller/base-flows.ts';
import { parseNetwork } from '../../../src/core/address.ts';
import { checkPrerequisites } from '../../../src/openflow/match.ts';
import { CONTROLLER_MAX_LENGTH, Port } from '../../../src/openflow/schema/constants.ts';
import { addressOf } from '../../support/observations.ts';
import { showFlow } from './show-flow.ts';

const SETTINGS: BaseSettings = {
  treatment: 'ask',
  onFailure: 'open',
  insideNetworks: ['192.0.2.0/24', '2001:db8::/32'].map((text) => parseNetwork(text)!),
  trustedResolvers: [addressOf('192.0.2.2')],
  outsidePorts: [3],
  learns: 'nothing',
  meters: true,
};

const shown = (change: Partial<BaseSettings> = {}) => baseFlows({ ...SETTINGS, ...change }).map(showFlow);

const COPY = [
  '3 10 metadata=0x10000/0xf0000 -> meter 1, output CONTROLLER',
  '3 10 metadata=0x20000/0xf0000 -> meter 2, output CONTROLLER',
];
const FORWARD = ['2 0 all -> output NORMAL, goto 3'];
const DIRECTION = [
  '0 500 in_port=3 -> goto 2',
  '0 400 eth_type=0x800 ipv4_dst=192.0.2.0/255.255.255.0 -> goto 2',
  '0 400 eth_type=0x86dd ipv6_dst=2001:db8::/ffff:ffff:: -> goto 2',
];
const RESOLVER = [
  '0 300 eth_type=0x800 ip_proto=17 ipv4_src=192.0.2.2 udp_dst=53 -> goto 2',
  '0 300 eth_type=0x800 ip_proto=6 ipv4_src=192.0.2.2 tcp_dst=53 -> goto 2',
  '0 300 eth_type=0x800 ip_proto=17 ipv4_dst=192.0.2.2 udp_dst=53 -> goto 2',
  '0 300 eth_type=0x800 ip_proto=6 ipv4_dst=192.0.2.2 tcp_dst=53 -> goto 2',
];
const OUTBOUND = [
  '0 200 eth_type=0x800 ip_proto=17 udp_dst=53 -> metadata 0x1/0xffff, goto 1',
  '0 200 eth_type=0x800 ip_proto=6 tcp_dst=53 -> metadata 0x1/0xffff, goto 1',
  '0 200 eth_type=0x86dd ip_proto=17 udp_dst=53 -> metadata 0x1/0xffff, goto 1',
  '0 200 eth_type=0x86dd ip_proto=6 tcp_dst=53 -> metadata 0x1/0xffff, goto 1',
];
const OTHER = ['0 0 all -> goto 2'];
/** First fragments whose ports cannot be read, and whose rest would pass unjudged. */
const HIDDEN_PORTS = [
  '0 250 eth_type=0x800 nw_frag=1 ip_proto=17 udp_dst=0 -> drop',
  '0 250 eth_type=0x800 nw_frag=1 ip_proto=6 tcp_dst=0 -> drop',
  '0 250 eth_type=0x86dd nw_frag=1 ip_proto=17 udp_dst=0 -> drop',
  '0 250 eth_type=0x86dd nw_frag=1 ip_proto=6 tcp_dst=0 -> drop',
  '0 250 eth_type=0x86dd nw_frag=1 ip_proto=0 -> drop',
  '0 250 eth_type=0x86dd nw_frag=1 ip_proto=43 -> drop',
  '0 250 eth_type=0x86dd nw_frag=1 ip_proto=60 -> drop',
];
const classify = [...DIRECTION, ...RESOLVER, ...OUTBOUND, ...OTHER];
const classifyEnforcing = [...DIRECTION, ...RESOLVER, ...HIDDEN_PORTS, ...OUTBOUND, ...OTHER];

describe('baseFlows', () => {
  it('ask, on_failure open: forwarded when nobody renews the question', () => {
    expect(shown()).toEqual([
      ...COPY,
      ...FORWARD,
      '1 0 all -> goto 2',
      '1 10 all -> output CONTROLLER (15s)',
      ...classifyEnforcing,
    ]);
    expect(ASK_TIMEOUT_SECONDS * 1000).toBeGreaterThanOrEqual(3 * ASK_RENEWAL_MS);
  });

  it('ask, on_failure closed: the question stands for good, and nothing below it', () => {
    expect(shown({ onFailure: 'closed' })).toEqual([
      ...COPY,
      ...FORWARD,
      '1 10 all -> output CONTROLLER',
      ...classifyEnforcing,
    ]);
  });

  it.each(['open', 'closed'] as const)(
    'observe, on_failure %s: forwarded and copied, and nothing asks the controller',
    (onFailure) => {
      const flows = shown({ treatment: 'observe', onFailure });
      expect(flows).toEqual([...COPY, ...FORWARD, '1 0 all -> metadata 0x10000/0xf0000, goto 2', ...classify]);
    },
  );

  it.each(['open', 'closed'] as const)('forward, on_failure %s: no query reaches the verdict table', (onFailure) => {
    const flows = shown({ treatment: 'forward', onFailure });
    expect(flows).toEqual([...COPY, ...FORWARD, ...DIRECTION, ...RESOLVER, ...OTHER]);
  });

  it('without meters the copies are sent unmetered', () => {
    expect(shown({ meters: false }).slice(0, 2)).toEqual([
      '3 10 metadata=0x10000/0xf0000 -> output CONTROLLER',
      '3 10 metadata=0x20000/0xf0000 -> output CONTROLLER',
    ]);
  });

  it('no meter stands in an entry that also forwards: it would drop what is forwarded', () => {
    for (const flow of baseFlows(SETTINGS)) {
      const outputs = flow.instructions.flatMap((step) => (step.type === 'applyActions' ? step.actions : []));
      const isMetered = flow.instructions.some(({ type }) => type === 'meter');
      const forwards = outputs.some((action) => action.type === 'output' && action.port !== Port.CONTROLLER);
      expect(isMetered && forwards).toBe(false);
      for (const action of outputs) {
        if (action.type === 'output' && action.port === Port.CONTROLLER)
          expect(action.maxLength).toBe(CONTROLLER_MAX_LENGTH);
      }
    }
  });

  it('has a meter for each reason of a copy', () => {
    expect(COPY_METERS).toEqual([
      { meterId: 1, reason: 'observed' },
      { meterId: 2, reason: 'blocked' },
      { meterId: 3, reason: 'query' },
      { meterId: 4, reason: 'response' },
      { meterId: 5, reason: 'fragment' },
    ]);
  });

  describe('that learns from all', () => {
    const QUERY = 'metadata 0x30000/0xf0000';
    const learning = shown({ learns: 'all' });

    it('copies, each kind behind a meter of its own', () => {
      expect(learning.slice(0, 5)).toEqual([
        ...COPY,
        '3 10 metadata=0x30000/0xf0000 -> meter 3, output CONTROLLER',
        '3 10 metadata=0x40000/0xf0000 -> meter 4, output CONTROLLER',
        '3 10 metadata=0x50000/0xf0000 -> meter 5, output CONTROLLER',
      ]);
    });

    it('marks what comes from outside from port 53, and later fragments, before it takes the way of all that does', () => {
      expect(learning.filter((flow) => flow.startsWith('0 600'))).toEqual([
        '0 600 in_port=3 eth_type=0x800 ip_proto=17 udp_src=53 -> metadata 0x40000/0xf0000, goto 2',
        '0 600 in_port=3 eth_type=0x800 ip_proto=6 tcp_src=53 -> metadata 0x40000/0xf0000, goto 2',
        '0 600 in_port=3 eth_type=0x86dd ip_proto=17 udp_src=53 -> metadata 0x40000/0xf0000, goto 2',
        '0 600 in_port=3 eth_type=0x86dd ip_proto=6 tcp_src=53 -> metadata 0x40000/0xf0000, goto 2',
        '0 600 in_port=3 eth_type=0x800 nw_frag=3 ip_proto=17 -> metadata 0x50000/0xf0000, goto 2',
        '0 600 in_port=3 eth_type=0x86dd nw_frag=3 ip_proto=17 -> metadata 0x50000/0xf0000, goto 2',
      ]);
    });

    it('marks queries of resolvers and direct ones; a verdict may write another reason over it', () => {
      expect(learning.filter((flow) => flow.startsWith('0 300'))).toEqual(
        RESOLVER.map((flow) => flow.replace('goto 2', `${QUERY}, goto 2`)),
      );
      expect(learning.filter((flow) => flow.startsWith('0 200'))).toEqual(
        OUTBOUND.map((flow) => flow.replace('0x1/0xffff', '0x30001/0xfffff')),
      );
    });

    it('changes nothing else, and is another rule set', () => {
      const isCommon = (flow: string) => !/^0 [236]00|^3 /.test(flow);
      expect(learning.filter(isCommon)).toEqual(shown().filter(isCommon));
      const generation = (learns: Learning) => generationOf(baseFlows({ ...SETTINGS, learns }));
      expect(generation('all')).not.toBe(generation('nothing'));
      expect(generation('all')).not.toBe(generation('resolvers'));
    });

    it('matches on nothing that a switch would refuse', () => {
      for (const flow of baseFlows({ ...SETTINGS, learns: 'all' }))
        expect(checkPrerequisites(flow.match), showFlow(flow)).toBeUndefined();
    });
  });

  describe('that learns from the trusted resolvers', () => {
    const trustedResolvers = [addressOf('192.0.2.2'), addressOf('2001:db8::2')];
    const learning = shown({ learns: 'resolvers', trustedResolvers });

    it('copies what comes back to them and nothing else from outside', () => {
      expect(learning.filter((flow) => flow.startsWith('0 600'))).toEqual([
        '0 600 in_port=3 eth_type=0x800 ip_proto=17 ipv4_dst=192.0.2.2 udp_src=53 -> metadata 0x40000/0xf0000, goto 2',
        '0 600 in_port=3 eth_type=0x800 ip_proto=6 ipv4_dst=192.0.2.2 tcp_src=53 -> metadata 0x40000/0xf0000, goto 2',
        '0 600 in_port=3 eth_type=0x86dd ip_proto=17 ipv6_dst=2001:db8::2 udp_src=53 -> metadata 0x40000/0xf0000, goto 2',
        '0 600 in_port=3 eth_type=0x86dd ip_proto=6 ipv6_dst=2001:db8::2 tcp_src=53 -> metadata 0x40000/0xf0000, goto 2',
        '0 600 in_port=3 eth_type=0x800 nw_frag=3 ip_proto=17 ipv4_dst=192.0.2.2 -> metadata 0x50000/0xf0000, goto 2',
        '0 600 in_port=3 eth_type=0x86dd nw_frag=3 ip_proto=17 ipv6_dst=2001:db8::2 -> metadata 0x50000/0xf0000, goto 2',
      ]);
    });

    it('marks the queries that they send, not those to them nor direct ones', () => {
      const isMarked = (flow: string) => flow.includes('metadata 0x3');
      expect(learning.filter(isMarked).map((flow) => flow.split(' ->')[0])).toEqual([
        '0 300 eth_type=0x800 ip_proto=17 ipv4_src=192.0.2.2 udp_dst=53',
        '0 300 eth_type=0x800 ip_proto=6 ipv4_src=192.0.2.2 tcp_dst=53',
        '0 300 eth_type=0x86dd ip_proto=17 ipv6_src=2001:db8::2 udp_dst=53',
        '0 300 eth_type=0x86dd ip_proto=6 ipv6_src=2001:db8::2 tcp_dst=53',
      ]);
      expect(learning).toEqual(expect.arrayContaining(OUTBOUND));
    });
  });

  it('takes a whole family as inside network, an address, and an IPv6 resolver', () => {
    const insideNetworks = ['0.0.0.0/0', '192.0.2.7/32', '::/0'].map((text) => parseNetwork(text)!);
    const flows = shown({ insideNetworks, trustedResolvers: [addressOf('2001:db8::2')], outsidePorts: [] });
    expect(flows.slice(5, 12)).toEqual([
      '0 400 eth_type=0x800 -> goto 2',
      '0 400 eth_type=0x800 ipv4_dst=192.0.2.7/255.255.255.255 -> goto 2',
      '0 400 eth_type=0x86dd -> goto 2',
      '0 300 eth_type=0x86dd ip_proto=17 ipv6_src=2001:db8::2 udp_dst=53 -> goto 2',
      '0 300 eth_type=0x86dd ip_proto=6 ipv6_src=2001:db8::2 tcp_dst=53 -> goto 2',
      '0 300 eth_type=0x86dd ip_proto=17 ipv6_dst=2001:db8::2 udp_dst=53 -> goto 2',
      '0 300 eth_type=0x86dd ip_proto=6 ipv6_dst=2001:db8::2 tcp_dst=53 -> goto 2',
    ]);
  });

  it('matches on nothing that a switch would refuse', () => {
    for (const flow of baseFlows(SETTINGS)) expect(checkPrerequisites(flow.match), showFlow(flow)).toBeUndefined();
  });
});

describe('generationOf', () => {
  const generation = (change: Partial<BaseSettings> = {}) => generationOf(baseFlows({ ...SETTINGS, ...change }));

  it('is the same for the same rules, in this process and the next', () => {
    expect(generation()).toBe(generation());
    expect(generation()).toBe(GENERATION_OF_SETTINGS);
  });

  it('has 16 bits and changes with every setting', () => {
    const all = [
      generation(),
      generation({ treatment: 'observe' }),
      generation({ treatment: 'forward' }),
      generation({ onFailure: 'closed' }),
      generation({ insideNetworks: [] }),
      generation({ insideNetworks: ['192.0.2.0/25', '2001:db8::/32'].map((text) => parseNetwork(text)!) }),
      generation({ trustedResolvers: [] }),
      generation({ outsidePorts: [4] }),
      generation({ meters: false }),
    ];
    expect(new Set(all).size).toBe(all.length);
    for (const value of all) expect(Number.isInteger(value) && value >= 0 && value <= 0xffff).toBe(true);
  });
});

/** Computed once and written down: a new number means that all flows of running switches are made anew. */
const GENERATION_OF_SETTINGS = 22_490;
