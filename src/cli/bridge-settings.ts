/** What the configuration says of a bridge, in the words of those who deal with bridges. */
import { isJudging, teachingMode } from '../config/effective.ts';
import { formatSwitchTarget } from '../config/fields.ts';
import type { Config } from '../config/schema.ts';
import {
  ASK_METER,
  type BaseSettings,
  type ClientMatch,
  COPY_METERS,
  type GroupSettings,
  type Learning,
} from '../controller/base-flows.ts';
import type { CopyReason } from '../controller/pipeline.ts';
import { isIpv4 } from '../core/address.ts';
import type { BridgeWishes } from '../doctor/bridge-findings.ts';
import type { ClientGroup, GroupClient } from '../policy/client-group.ts';
import type { Mode } from '../policy/mode.ts';
import type { PrimeSettings } from '../switches/prime-bridge.ts';
import { configuredGroups } from './configured-groups.ts';

/** The mode in force of a group. */
export type ModeOf = (group: ClientGroup) => Mode;

/** Port numbers of a switch by name. */
type Ports = ReadonlyMap<string, number>;

/** What a bridge that says this of itself should have while these modes of `groups` are in force. */
export function baseSettings(
  config: Config,
  groups: readonly ClientGroup[],
  modeOf: ModeOf,
  { ports, hasMeters }: { readonly ports: Ports; readonly hasMeters: boolean },
): BaseSettings {
  return {
    groups: groupSettings(config, groups, modeOf, ports),
    onFailure: config.on_failure,
    insideNetworks: config.inside.networks,
    trustedResolvers: config.trusted_resolvers,
    outsidePorts: outsidePortsOf(config, ports),
    learns: learningOf(config),
    recordsAllowed: recordsAllowed(config),
    meters: hasMeters,
  };
}

/** None where nothing is judged. A port that the switch does not have is left out: nobody enters by it. */
function groupSettings(
  config: Config,
  groups: readonly ClientGroup[],
  modeOf: ModeOf,
  ports: Ports,
): readonly GroupSettings[] {
  if (!isJudging(config)) return [];
  return groups.map((group) => ({
    id: group.id,
    clients: group.clients.flatMap((client) => clientMatch(client, ports) ?? []),
    treatment: modeOf(group) === 'enforce' ? 'ask' : 'observe',
  }));
}

function clientMatch(client: GroupClient, ports: Ports): ClientMatch | undefined {
  if (client.kind === 'mac') return { mac: client.mac };
  if (client.kind === 'network') return { network: client.network };
  if (client.kind === 'address')
    return { network: { base: client.address, prefixLength: isIpv4(client.address) ? 32 : 128 } };
  const inPort = typeof client.port === 'number' ? client.port : ports.get(client.port);
  return inPort === undefined ? undefined : { inPort };
}

function recordsAllowed({ copy }: Config): boolean {
  return copy.allowed_rate > 0;
}

/** Whose exchanges switches copy to learn from: no others than may teach. */
export function learningOf(config: Config): Learning {
  if (!config.openflow.learn) return 'nothing';
  return teachingMode(config) === 'resolvers' ? 'resolvers' : 'all';
}

/** The numbers of the outside ports that a switch has whose port numbers are `ports`, by name. */
export function outsidePortsOf({ outside }: Config, ports: Ports): readonly number[] {
  return outside.ports.flatMap((port) => (typeof port === 'number' ? port : (ports.get(port) ?? [])));
}

/** Warm-up counts for nothing here: what `enforce` becomes without a controller is for `on_failure` to say. */
export function primeSettings(config: Config): PrimeSettings {
  return {
    groupsOn: (ports) => groupSettings(config, configuredGroups(config), ({ mode }) => mode, ports),
    onFailure: config.on_failure,
    insideNetworks: config.inside.networks,
    trustedResolvers: config.trusted_resolvers,
    outsidePorts: config.outside.ports,
    learns: learningOf(config),
    recordsAllowed: recordsAllowed(config),
    meterRates: meterRates(config),
  };
}

/** Packets per second by meter id. Copies pass the meter of all that asks as well, which has room for them. */
export function meterRates({ copy, ask, openflow }: Config): ReadonlyMap<number, number> {
  const rates: Readonly<Partial<Record<CopyReason, number>>> = {
    observed: copy.observed_rate,
    blocked: copy.blocked_rate,
    ...(copy.allowed_rate > 0 ? { allowed: copy.allowed_rate } : {}),
    ...(openflow.learn ? learningRates(openflow.learn_rate) : {}),
  };
  const copies = COPY_METERS.flatMap(({ meterId, reason }): [number, number][] => {
    const rate = rates[reason];
    return rate === undefined ? [] : [[meterId, rate]];
  });
  return new Map([...copies, [ASK_METER, copies.reduce((sum, [, rate]) => sum + rate, ask.rate)]]);
}

/** Fragments of DNS responses are few, and other fragments must not take the room of those. */
function learningRates(rate: number) {
  return { query: rate, response: rate, fragment: Math.ceil(rate / 10) };
}

export function bridgeWishes({ outside, openflow }: Config): BridgeWishes {
  const scheme = openflow.tls === undefined ? 'tcp' : 'ssl';
  return { outsidePorts: outside.ports, controllerTarget: formatSwitchTarget({ scheme, ...openflow.listen }) };
}

/** Whether direct queries of some group wait for a verdict. */
export function isEnforcing(config: Config, modeOf: ModeOf): boolean {
  return isJudging(config) && configuredGroups(config).some((group) => modeOf(group) === 'enforce');
}

/** What to tell when a switch has none of the outside ports that are configured. */
export function outsidePortProblems(config: Config, ports: Ports): readonly string[] {
  const wanted = config.outside.ports;
  if (wanted.length === 0 || outsidePortsOf(config, ports).length > 0) return [];
  const offered = [...ports.keys()].join(', ');
  return [`no outside port on this switch: outside.ports says ${wanted.join(', ')}, the switch has ${offered}`];
}
