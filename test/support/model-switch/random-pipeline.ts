/** What gluewall gives a switch: its meters, its standing flows with random settings, and the flows of random verdicts. */
import fc from 'fast-check';
import {
  ASK_METER,
  type BaseSettings,
  baseFlows,
  COPY_METERS,
  generationOf,
} from '../../../src/controller/base-flows.ts';
import { addFlow, diffMeters } from '../../../src/controller/reconcile.ts';
import { allowFlow, dropClientFlow, dropFlow } from '../../../src/controller/verdict-flows.ts';
import { parseAddress, parseNetwork } from '../../../src/core/address.ts';
import { WORLD } from './random-matches.ts';
import type { TableChange } from './switch-state.ts';

const RATE = 10_000;
const rates = new Map([...COPY_METERS.map(({ meterId }) => meterId), ASK_METER].map((meterId) => [meterId, RATE]));

const settings: fc.Arbitrary<Omit<BaseSettings, 'meters'>> = fc.record({
  treatment: fc.constantFrom('ask', 'ask', 'observe', 'forward'),
  onFailure: fc.constantFrom('open', 'closed'),
  insideNetworks: fc
    .subarray(['192.0.2.2/32', '192.0.2.0/31', '2001:db8::/126'], { maxLength: 2 })
    .map((texts) => texts.map((text) => parseNetwork(text)!)),
  trustedResolvers: fc
    .subarray(['192.0.2.1', '198.51.100.53', '2001:db8:1::53'], { maxLength: 1 })
    .map((texts) => texts.map((text) => parseAddress(text)!)),
  outsidePorts: fc.subarray([2, 3], { maxLength: 1 }),
  learns: fc.constantFrom('nothing', 'resolvers', 'all'),
});

const pair = fc
  .tuple(fc.constantFrom(WORLD.ipv4, WORLD.ipv6), fc.nat(2), fc.nat(2))
  .map(([hosts, one, other]) => [parseAddress(hosts[one]!)!, parseAddress(hosts[other]!)!] as const);

const verdict = fc.tuple(pair, fc.constantFrom('allow', 'drop', 'dropClient')).map(([[client, destination], kind]) => {
  if (kind === 'allow') return allowFlow(destination, 300);
  return kind === 'drop' ? dropFlow(client, destination, 300) : dropClientFlow(client, 300);
});

export const randomPipeline: fc.Arbitrary<readonly TableChange[]> = fc
  .tuple(settings, fc.boolean(), fc.array(verdict, { maxLength: 6 }))
  .map(([chosen, meters, verdicts]) => {
    const base = baseFlows({ ...chosen, meters });
    const generation = generationOf(base);
    const flows = [...base, ...verdicts].map((flow) => addFlow(flow, generation));
    return [...(meters ? diffMeters([], rates) : []), ...flows];
  });
