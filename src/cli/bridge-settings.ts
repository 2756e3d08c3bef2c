/** What the configuration says of a bridge, in the words of those who deal with bridges. */
import { isJudging, teachingMode } from '../config/effective.ts';
import { formatSwitchTarget } from '../config/fields.ts';
import type { Config } from '../config/schema.ts';
import { ASK_METER, type BaseSettings, COPY_METERS, type Learning, type Treatment } from '../controller/base-flows.ts';
import type { CopyReason } from '../controller/pipeline.ts';
import type { BridgeWishes } from '../doctor/bridge-findings.ts';
import type { Mode } from '../policy/mode.ts';
import type { PrimeSettings } from '../switches/prime-bridge.ts';

/** What a bridge that says this of itself should have while its direct queries are treated so. */
export function baseSettings(
  config: Config,
  treatment: Treatment,
  { ports, hasMeters }: { readonly ports: ReadonlyMap<string, number>; readonly hasMeters: boolean },
): BaseSettings {
  return {
    treatment,
    onFailure: config.on_failure,
    insideNetworks: config.inside.networks,
    trustedResolvers: config.trusted_resolvers,
    outsidePorts: outsidePortsOf(config, ports),
    learns: learningOf(config),
    meters: hasMeters,
  };
}

/** Whose exchanges switches copy to learn from: no others than may teach. */
export function learningOf(config: Config): Learning {
  if (!config.openflow.learn) return 'nothing';
  return teachingMode(config) === 'resolvers' ? 'resolvers' : 'all';
}

/** The numbers of the outside ports that a switch has whose port numbers are `ports`, by name. */
export function outsidePortsOf({ outside }: Config, ports: ReadonlyMap<string, number>): readonly number[] {
  return outside.ports.flatMap((port) => (typeof port === 'number' ? port : (ports.get(port) ?? [])));
}

/** Warm-up counts for nothing here: what `enforce` becomes without a controller is for `on_failure` to say. */
export function primeSettings(config: Config): PrimeSettings {
  return {
    treatment: treatmentOf(config, config.mode),
    onFailure: config.on_failure,
    insideNetworks: config.inside.networks,
    trustedResolvers: config.trusted_resolvers,
    outsidePorts: config.outside.ports,
    learns: learningOf(config),
    meterRates: meterRates(config),
  };
}

/** Packets per second by meter id. Copies pass the meter of all that asks as well, which has room for them. */
export function meterRates({ copy, ask, openflow }: Config): ReadonlyMap<number, number> {
  const rates: Readonly<Partial<Record<CopyReason, number>>> = {
    observed: copy.observed_rate,
    blocked: copy.blocked_rate,
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

/** What a bridge does with direct queries while `mode` is in force. */
export function treatmentOf(config: Config, mode: Mode): Treatment {
  if (!isJudging(config)) return 'forward';
  return mode === 'enforce' ? 'ask' : 'observe';
}

/** What to tell when a switch has none of the outside ports that are configured. */
export function outsidePortProblems(config: Config, ports: ReadonlyMap<string, number>): readonly string[] {
  const wanted = config.outside.ports;
  if (wanted.length === 0 || outsidePortsOf(config, ports).length > 0) return [];
  const offered = [...ports.keys()].join(', ');
  return [`no outside port on this switch: outside.ports says ${wanted.join(', ')}, the switch has ${offered}`];
}
