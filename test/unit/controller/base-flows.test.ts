import { describe, expect, it } from 'vitest';
import {
  ASK_RENEWAL_MS,
  ASK_TIMEOUT_SECONDS,
  type BaseSettings,
  baseFlows,
  COPY_METERS,
  type GroupSettings,
  generationOf,
  type Learning,
} from '../../../src/controller/base-flows.ts';
import { parseNetwork } from '../../../src/core/address.ts';
import { checkPrerequisites } from '../../../src/openflow/match.ts';
import { CONTROLLER_MAX_LENGTH, Port } from '../../../src/openflow/schema/constants.ts';
import { onlyGroup } from '../../support/default-group.ts';
import { addressOf } from '../../support/observations.ts';
import { showFlow } from './show-flow.ts';

const SETTINGS: BaseSettings = {
  groups: onlyGroup('ask'),
  onFailure: 'open',
  insideNetworks: ['192.0.2.0/24', '2001:db8::/32'].map((text) => parseNetwork(text)!),
  trustedResolvers: [addressOf('192.0.2.2')],
  outsidePorts: [3],
  learns: 'nothing',
  recordsAllowed: false,
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
  '0 10 eth_type=0x800 ip_proto=17 udp_dst=53 -> metadata 0x1/0xffff, goto 1',
  '0 10 eth_type=0x800 ip_proto=6 tcp_dst=53 -> metadata 0x1/0xffff, goto 1',
  '0 10 eth_type=0x86dd ip_proto=17 udp_dst=53 -> metadata 0x1/0xffff, goto 1',
  '0 10 eth_type=0x86dd ip_proto=6 tcp_dst=53 -> metadata 0x1/0xffff, goto 1',
];
const OTHER = ['0 0 all -> goto 2'];
/** First fragments whose ports cannot be read, and whose rest would pass unjudged. */
const HIDDEN_PORTS = [
  '0 290 eth_type=0x800 nw_frag=1 ip_proto=17 udp_dst=0 -> drop',
  '0 290 eth_type=0x800 nw_frag=1 ip_proto=6 tcp_dst=0 -> drop',
  '0 290 eth_type=0x86dd nw_frag=1 ip_proto=17 udp_dst=0 -> drop',
  '0 290 eth_type=0x86dd nw_frag=1 ip_proto=6 tcp_dst=0 -> drop',
  '0 290 eth_type=0x86dd nw_frag=1 ip_proto=0 -> drop',
  '0 290 eth_type=0x86dd nw_frag=1 ip_proto=43 -> drop',
  '0 290 eth_type=0x86dd nw_frag=1 ip_proto=60 -> drop',
];
const classify = [...DIRECTION, ...RESOLVER, ...OUTBOUND, ...OTHER];
const classifyEnforcing = [...DIRECTION, ...RESOLVER, ...HIDDEN_PORTS, ...OUTBOUND, ...OTHER];

describe('baseFlows', () => {
  it('ask, on_failure open: forwarded when nobody renews the question', () => {
    expect(shown()).toEqual([
      ...COPY,
      ...FORWARD,
      '1 0 metadata=0x1/0xffff -> goto 2',
      '1 10 metadata=0x1/0xffff -> output CONTROLLER (15s)',
      ...classifyEnforcing,
    ]);
    expect(ASK_TIMEOUT_SECONDS * 1000).toBeGreaterThanOrEqual(3 * ASK_RENEWAL_MS);
  });

  it('ask, on_failure closed: the question stands for good, and nothing below it', () => {
    expect(shown({ onFailure: 'closed' })).toEqual([
      ...COPY,
      ...FORWARD,
      '1 10 metadata=0x1/0xffff -> output CONTROLLER',
      ...classifyEnforcing,
    ]);
  });

  it.each(['open', 'closed'] as const)(
    'observe, on_failure %s: forwarded and copied, and nothing asks the controller',
    (onFailure) => {
      const flows = shown({ groups: onlyGroup('observe'), onFailure });
      expect(flows).toEqual([
        ...COPY,
        ...FORWARD,
        '1 0 metadata=0x1/0xffff -> metadata 0x10000/0xf0000, goto 2',
        ...classify,
      ]);
    },
  );

  it.each(['open', 'closed'] as const)('no groups, on_failure %s: no query reaches the verdict table', (onFailure) => {
    const flows = shown({ groups: [], onFailure });
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
      { meterId: 6, reason: 'allowed' },
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
      expect(learning.filter((flow) => flow.startsWith('0 10 '))).toEqual(
        OUTBOUND.map((flow) => flow.replace('0x1/0xffff', '0x30001/0xfffff')),
      );
    });

    it('changes nothing else, and is another rule set', () => {
      const isCommon = (flow: string) => !/^0 (10|300|600) |^3 /.test(flow);
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

  describe('with groups', () => {
    const mac = 0x020000000001;
    const network = (text: string) => ({ network: parseNetwork(text)! });
    const groups: readonly GroupSettings[] = [
      { id: 7, clients: [{ inPort: 4 }, { mac }], treatment: 'ask' },
      { id: 300, clients: [network('192.0.2.64/26'), network('2001:db8:0:1::/64')], treatment: 'observe' },
      { id: 1, clients: [], treatment: 'ask' },
    ];
    const flows = shown({ groups });

    it('writes the group of a client by its port, MAC address or network, the first on top, the rest below', () => {
      const to = (id: string) => `-> metadata ${id}/0xffff, goto 1`;
      const dns = (group: string, origin: string) => [
        `0 ${group} ${origin}eth_type=0x800 ip_proto=17 udp_dst=53`,
        `0 ${group} ${origin}eth_type=0x800 ip_proto=6 tcp_dst=53`,
        `0 ${group} ${origin}eth_type=0x86dd ip_proto=17 udp_dst=53`,
        `0 ${group} ${origin}eth_type=0x86dd ip_proto=6 tcp_dst=53`,
      ];
      expect(flows.filter((flow) => /^0 (\d\d|2[0-8]\d) /.test(flow))).toEqual([
        ...dns('275', 'in_port=4 ').map((flow) => `${flow} ${to('0x7')}`),
        ...dns('275', 'eth_src=02:00:00:00:00:01 ').map((flow) => `${flow} ${to('0x7')}`),
        `0 274 eth_type=0x800 ip_proto=17 ipv4_src=192.0.2.64/255.255.255.192 udp_dst=53 ${to('0x12c')}`,
        `0 274 eth_type=0x800 ip_proto=6 ipv4_src=192.0.2.64/255.255.255.192 tcp_dst=53 ${to('0x12c')}`,
        `0 274 eth_type=0x86dd ip_proto=17 ipv6_src=2001:db8:0:1::/ffff:ffff:ffff:ffff:: udp_dst=53 ${to('0x12c')}`,
        `0 274 eth_type=0x86dd ip_proto=6 ipv6_src=2001:db8:0:1::/ffff:ffff:ffff:ffff:: tcp_dst=53 ${to('0x12c')}`,
        ...dns('10', '').map((flow) => `${flow} ${to('0x1')}`),
      ]);
    });

    it('treats each in its own way', () => {
      expect(flows.filter((flow) => flow.startsWith('1 '))).toEqual([
        '1 0 metadata=0x7/0xffff -> goto 2',
        '1 10 metadata=0x7/0xffff -> output CONTROLLER (15s)',
        '1 0 metadata=0x12c/0xffff -> metadata 0x10000/0xf0000, goto 2',
        '1 0 metadata=0x1/0xffff -> goto 2',
        '1 10 metadata=0x1/0xffff -> output CONTROLLER (15s)',
      ]);
    });

    it('drops what hides its ports when one of them is enforced, and not when none is', () => {
      const hidden = (of: readonly GroupSettings[]) => shown({ groups: of }).filter((flow) => flow.startsWith('0 290'));
      expect(hidden(groups)).toEqual(HIDDEN_PORTS);
      expect(hidden([{ ...groups[0]!, treatment: 'observe' }, ...onlyGroup('observe')])).toEqual([]);
    });

    it('has room for 256 beside the one of all others, and for no more', () => {
      const many = (count: number) => [
        ...Array.from({ length: count }, (_, index) => ({ ...groups[0]!, id: index + 2 })),
        ...onlyGroup('ask'),
      ];
      expect(shown({ groups: many(256) }).filter((flow) => flow.startsWith('0 20 '))).toHaveLength(8);
      expect(() => shown({ groups: many(257) })).toThrow(expect.objectContaining({ code: 'pipeline' }));
    });

    it('is another rule set whatever of them changes', () => {
      const generation = (of: readonly GroupSettings[]) => generationOf(baseFlows({ ...SETTINGS, groups: of }));
      const [first, second, last] = [groups[0]!, groups[1]!, groups[2]!];
      const all = [
        groups,
        [second, first, last],
        [{ ...first, id: 8 }, second, last],
        [{ ...first, clients: [{ inPort: 5 }, { mac }] }, second, last],
        [{ ...first, treatment: 'observe' } as const, second, last],
      ];
      expect(new Set(all.map(generation)).size).toBe(all.length);
    });

    it('matches on nothing that a switch would refuse', () => {
      for (const flow of baseFlows({ ...SETTINGS, groups }))
        expect(checkPrerequisites(flow.match), showFlow(flow)).toBeUndefined();
    });
  });

  describe('that records what is allowed', () => {
    const recording = (change: Partial<BaseSettings> = {}) => shown({ recordsAllowed: true, ...change });

    it('marks direct queries before their verdict, and copies what is still marked so behind it', () => {
      const flows = recording();
      expect(flows.filter((flow) => flow.startsWith('0 10 '))).toEqual(
        OUTBOUND.map((flow) => flow.replace('0x1/0xffff', '0x60001/0xfffff')),
      );
      expect(flows[2]).toBe('3 10 metadata=0x60000/0xf0000 -> meter 6, output CONTROLLER');
    });

    it.each([
      ['nothing', '0x0'],
      ['resolvers', '0x0'],
      ['all', '0x30000'],
    ] as const)('does not take for allowed what passes unjudged, where it learns from %s', (learns, reason) => {
      const flows = recording({ learns });
      expect(flows.filter((flow) => flow.startsWith('1 0 '))).toEqual([
        `1 0 metadata=0x1/0xffff -> metadata ${reason}/0xf0000, goto 2`,
      ]);
    });

    it('leaves the marks of what is observed and of what drop flows drop to them', () => {
      expect(recording({ groups: onlyGroup('observe') }).filter((flow) => flow.startsWith('1 '))).toEqual([
        '1 0 metadata=0x1/0xffff -> metadata 0x10000/0xf0000, goto 2',
      ]);
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
      generation({ groups: onlyGroup('observe') }),
      generation({ groups: [] }),
      generation({ onFailure: 'closed' }),
      generation({ insideNetworks: [] }),
      generation({ insideNetworks: ['192.0.2.0/25', '2001:db8::/32'].map((text) => parseNetwork(text)!) }),
      generation({ trustedResolvers: [] }),
      generation({ outsidePorts: [4] }),
      generation({ recordsAllowed: true }),
      generation({ meters: false }),
    ];
    expect(new Set(all).size).toBe(all.length);
    for (const value of all) expect(Number.isInteger(value) && value >= 0 && value <= 0xffff).toBe(true);
  });
});

/** Computed once and written down: a new number means that all flows of running switches are made anew. */
const GENERATION_OF_SETTINGS = 42_219;
