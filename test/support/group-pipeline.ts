/** A pipeline with groups, flows of verdicts in it, and where packets must go: for the model switch and for a real one. */
import { type BaseSettings, baseFlows, generationOf } from '../../src/controller/base-flows.ts';
import { type Flow, PIPELINE } from '../../src/controller/pipeline.ts';
import { addFlow } from '../../src/controller/reconcile.ts';
import { allowFlow, bypassFlow, dropClientFlow, dropFlow } from '../../src/controller/verdict-flows.ts';
import { parseNetwork } from '../../src/core/address.ts';
import type { FlowMod } from '../../src/openflow/flow-mod.ts';
import { composeFrame, type FrameFields } from './frames.ts';
import { addressOf } from './observations.ts';

/** By port and MAC address: enforced. */
const LAB = 7;
/** By network: monitored. */
const GUESTS = 300;
/** By address: enforced. */
const PRINTERS = 1000;
/** All others: enforced. */
const REST = 1;
const LAB_MAC = '02000000000a';
const VLAN = 0x8100;
const TCP = 6;

const network = (text: string) => ({ network: parseNetwork(text)! });

const GROUP_SETTINGS: BaseSettings = {
  groups: [
    { id: LAB, clients: [{ inPort: 1 }, { mac: 0x02000000000a }], treatment: 'ask' },
    { id: GUESTS, clients: ['192.0.2.64/26', '2001:db8:0:1::/64'].map(network), treatment: 'observe' },
    { id: PRINTERS, clients: ['192.0.2.9/32', '192.0.2.65/32'].map(network), treatment: 'ask' },
    { id: REST, clients: [], treatment: 'ask' },
  ],
  onFailure: 'closed',
  insideNetworks: [],
  trustedResolvers: [addressOf('192.0.2.2')],
  outsidePorts: [],
  learns: 'nothing',
  recordsAllowed: true,
  meters: false,
};

const server = addressOf('203.0.113.1');
const server6 = addressOf('2001:db8:9::1');
const VERDICTS: readonly Flow[] = [
  // Of the lab alone, over both families.
  allowFlow({ destination: server, group: LAB }, 300),
  allowFlow({ destination: server6, group: LAB }, 300),
  // Of all.
  allowFlow({ destination: addressOf('203.0.113.2') }, 300),
  // Of one connection.
  allowFlow(
    {
      destination: addressOf('203.0.113.3'),
      client: addressOf('192.0.2.9'),
      group: PRINTERS,
      ipProtocol: TCP,
      clientPort: 4444,
    },
    300,
  ),
  // Of one port and MAC address.
  allowFlow({ destination: addressOf('203.0.113.4'), inPort: 2, mac: 0x02000000000b }, 300),
  dropFlow({ destination: addressOf('203.0.113.5'), client: addressOf('192.0.2.9'), group: PRINTERS }, 300),
  dropClientFlow({ client: addressOf('192.0.2.9'), group: REST }, 300),
];

function mods(flows: readonly Flow[]): readonly FlowMod[] {
  const base = baseFlows(GROUP_SETTINGS);
  return [...base, ...VERDICTS, ...flows].map((flow) => addFlow(flow, generationOf(base)));
}

/** What a switch is told. */
export const GROUP_PIPELINE = mods([]);
/** The same while the lab is bypassed, and while all are. */
export const LAB_BYPASSED = mods([bypassFlow(LAB, 300)]);
export const ALL_BYPASSED = mods([bypassFlow(undefined, 300)]);

export interface GroupCase {
  readonly what: string;
  readonly frame: Buffer;
  readonly inPort: number;
  /** Rule ids of the entries that it meets. */
  readonly rules: readonly number[];
}

const { classify, verdict, forward, copy } = PIPELINE;
const ofGroup = classify.entries.groupDns.rule;
const ofRest = classify.entries.outboundDns.rule;
const ends = {
  asks: [verdict.entries.ask.rule],
  observed: [verdict.entries.observe.rule, forward.entries.normal.rule, copy.entries.observed.rule],
  bypassed: [verdict.entries.bypass.rule, forward.entries.normal.rule, copy.entries.observed.rule],
  allowed: [verdict.entries.allow.rule, forward.entries.normal.rule, copy.entries.allowed.rule],
  dropped: [verdict.entries.drop.rule, copy.entries.blocked.rule],
};

function query(
  what: string,
  group: 'group' | 'rest',
  end: keyof typeof ends,
  { inPort = 2, mac = '020000000001', ...fields }: FrameFields & { readonly inPort?: number; readonly mac?: string },
): GroupCase {
  const frame = composeFrame(Buffer.alloc(20), {
    source: '192.0.2.20',
    destination: '203.0.113.1',
    macs: `020000000099${mac}`,
    ...fields,
  });
  return { what, frame, inPort, rules: [group === 'group' ? ofGroup : ofRest, ...ends[end]] };
}

const ipv6 = { source: '2001:db8::20', destination: '2001:db8:9::1' };
const guest6 = { ...ipv6, source: '2001:db8:0:1::20' };
const toSecond = { destination: '203.0.113.2' };
const connection = { source: '192.0.2.9', destination: '203.0.113.3', transport: 'tcp', sourcePort: 4444 } as const;

export const GROUP_CASES: readonly GroupCase[] = [
  query('a lab port', 'group', 'allowed', { inPort: 1 }),
  query('a lab port, TCP', 'group', 'allowed', { inPort: 1, transport: 'tcp' }),
  query('a lab port, IPv6', 'group', 'allowed', { ...ipv6, inPort: 1 }),
  query('a lab port, behind a VLAN tag', 'group', 'allowed', { inPort: 1, tags: [VLAN] }),
  query('a lab port, IPv6 behind a VLAN tag', 'group', 'allowed', { ...ipv6, inPort: 1, tags: [VLAN] }),
  query('a lab MAC address', 'group', 'allowed', { mac: LAB_MAC }),
  query('a lab MAC address, IPv6, TCP', 'group', 'allowed', { ...ipv6, mac: LAB_MAC, transport: 'tcp' }),
  query('a guest at a lab port: the first group has it', 'group', 'allowed', { inPort: 1, source: '192.0.2.70' }),
  query('a guest', 'group', 'observed', { source: '192.0.2.70' }),
  query('a guest, IPv6', 'group', 'observed', guest6),
  query('a guest, IPv6 behind a VLAN tag', 'group', 'observed', { ...guest6, tags: [VLAN] }),
  query('a guest that is a printer too: the first group has it', 'group', 'observed', { source: '192.0.2.65' }),
  query('a printer, which has not been allowed what the lab has', 'group', 'asks', { source: '192.0.2.9' }),
  query('anybody else, who has not either', 'rest', 'asks', {}),
  query('anybody else, IPv6', 'rest', 'asks', ipv6),
  query('anybody, to what all may ask', 'rest', 'allowed', toSecond),
  query('a guest, to what all may ask', 'group', 'allowed', { ...toSecond, source: '192.0.2.70' }),
  query('the connection that was allowed', 'group', 'allowed', connection),
  query('another of the same client', 'group', 'asks', { ...connection, sourcePort: 4445 }),
  query('a datagram from the same port', 'group', 'asks', { ...connection, transport: 'udp' }),
  query('the same ports of another client', 'rest', 'asks', { ...connection, source: '192.0.2.10' }),
  query('the port and MAC address that were allowed', 'rest', 'allowed', {
    destination: '203.0.113.4',
    mac: '02000000000b',
  }),
  query('the MAC address at another port', 'rest', 'asks', {
    destination: '203.0.113.4',
    mac: '02000000000b',
    inPort: 3,
  }),
  query('another MAC address at the port', 'rest', 'asks', { destination: '203.0.113.4', mac: '02000000000c' }),
  query('a printer, to what it may not ask', 'group', 'dropped', { source: '192.0.2.9', destination: '203.0.113.5' }),
  query('a lab client, to the same', 'group', 'asks', { inPort: 1, destination: '203.0.113.5' }),
  // As a client of the lab it is not one of the rest, all of whose queries are dropped.
  query('a client of two groups', 'group', 'asks', { inPort: 1, source: '192.0.2.9', destination: '203.0.113.5' }),
];

const labDropped = { inPort: 1, destination: '203.0.113.5' };
export const LAB_BYPASS_CASES: readonly GroupCase[] = [
  query('the lab, to what it may ask', 'group', 'bypassed', { inPort: 1 }),
  query('the lab, to anything else', 'group', 'bypassed', labDropped),
  query('the lab, IPv6 behind a VLAN tag', 'group', 'bypassed', { ...ipv6, mac: LAB_MAC, tags: [VLAN] }),
  query('a printer', 'group', 'dropped', { source: '192.0.2.9', destination: '203.0.113.5' }),
  query('anybody else', 'rest', 'asks', {}),
];
export const ALL_BYPASS_CASES: readonly GroupCase[] = [
  query('the lab', 'group', 'bypassed', labDropped),
  query('a guest', 'group', 'bypassed', { source: '192.0.2.70' }),
  query('a printer, to what it may not ask', 'group', 'bypassed', {
    source: '192.0.2.9',
    destination: '203.0.113.5',
  }),
  query('anybody else, IPv6', 'rest', 'bypassed', ipv6),
];
