/** What gluewall gives a switch: its meters, its standing flows with random settings, and the flows of random verdicts. */
import fc from 'fast-check';
import {
  ASK_METER,
  type BaseSettings,
  baseFlows,
  type ClientMatch,
  COPY_METERS,
  type GroupSettings,
  generationOf,
} from '../../../src/controller/base-flows.ts';
import type { DropScope, FlowScope } from '../../../src/controller/flow-scope.ts';
import { addFlow, diffMeters } from '../../../src/controller/reconcile.ts';
import { allowFlow, bypassFlow, dropClientFlow, dropFlow } from '../../../src/controller/verdict-flows.ts';
import { parseAddress, parseNetwork } from '../../../src/core/address.ts';
import { WORLD } from './random-matches.ts';
import type { TableChange } from './switch-state.ts';

const RATE = 10_000;
const rates = new Map([...COPY_METERS.map(({ meterId }) => meterId), ASK_METER].map((meterId) => [meterId, RATE]));

const GROUPS = [1, 7, 0x1234];
const SOURCE_MACS = WORLD.macs.map((mac) => Number.parseInt(mac.replaceAll(':', ''), 16));
const client: fc.Arbitrary<ClientMatch> = fc.oneof(
  fc.constantFrom(1, 2, 3).map((inPort) => ({ inPort })),
  fc.constantFrom(...SOURCE_MACS).map((mac) => ({ mac })),
  fc
    .constantFrom('192.0.2.1/32', '192.0.2.0/31', '0.0.0.0/0', '2001:db8::/64', '::/0')
    .map((text) => ({ network: parseNetwork(text)! })),
);
const groups: fc.Arbitrary<readonly GroupSettings[]> = fc
  .array(
    fc.tuple(fc.constantFrom('ask' as const, 'ask' as const, 'observe' as const), fc.array(client, { maxLength: 2 })),
    {
      maxLength: GROUPS.length,
    },
  )
  .map((chosen) => chosen.map(([treatment, clients], index) => ({ id: GROUPS[index]!, clients, treatment })));

const settings: fc.Arbitrary<Omit<BaseSettings, 'meters'>> = fc.record({
  groups,
  onFailure: fc.constantFrom('open', 'closed'),
  insideNetworks: fc
    .subarray(['192.0.2.2/32', '192.0.2.0/31', '2001:db8::/126'], { maxLength: 2 })
    .map((texts) => texts.map((text) => parseNetwork(text)!)),
  trustedResolvers: fc
    .subarray(['192.0.2.1', '198.51.100.53', '2001:db8:1::53'], { maxLength: 1 })
    .map((texts) => texts.map((text) => parseAddress(text)!)),
  outsidePorts: fc.subarray([2, 3], { maxLength: 1 }),
  learns: fc.constantFrom('nothing', 'resolvers', 'all'),
  recordsAllowed: fc.boolean(),
});

const pair = fc
  .tuple(fc.constantFrom(WORLD.ipv4, WORLD.ipv6), fc.nat(2), fc.nat(2))
  .map(([hosts, one, other]) => [parseAddress(hosts[one]!)!, parseAddress(hosts[other]!)!] as const);

const narrowing = fc.record(
  {
    group: fc.constantFrom(...GROUPS),
    inPort: fc.constantFrom(1, 2, 3),
    mac: fc.constantFrom(...SOURCE_MACS),
    transport: fc.record({ ipProtocol: fc.constantFrom(6, 17), clientPort: fc.constantFrom(...WORLD.transportPorts) }),
  },
  { requiredKeys: [] },
);

const verdict = fc
  .tuple(pair, narrowing, fc.constantFrom('allow', 'allow of a client', 'drop', 'dropClient', 'bypass'))
  .map(([[source, destination], { transport, ...fields }, kind]) => {
    const scope: FlowScope = { destination, ...fields, ...transport };
    const drop: DropScope = { ...scope, client: source };
    const { group } = fields;
    if (kind === 'allow') return allowFlow(scope, 300);
    if (kind === 'allow of a client') return allowFlow(drop, 300);
    if (kind === 'drop') return dropFlow(drop, 300);
    if (kind === 'bypass') return bypassFlow(group, 300);
    return dropClientFlow(group === undefined ? { client: source } : { client: source, group }, 300);
  });

export const randomPipeline: fc.Arbitrary<readonly TableChange[]> = fc
  .tuple(settings, fc.boolean(), fc.array(verdict, { maxLength: 6 }))
  .map(([chosen, meters, verdicts]) => {
    const base = baseFlows({ ...chosen, meters });
    const generation = generationOf(base);
    const flows = [...base, ...verdicts].map((flow) => addFlow(flow, generation));
    return [...(meters ? diffMeters([], rates) : []), ...flows];
  });
