/** What the configuration says of a bridge, in the words of those who deal with bridges. */
import { isJudging } from '../config/effective.ts';
import { formatSwitchTarget } from '../config/fields.ts';
import type { Config } from '../config/schema.ts';
import { ASK_METER, COPY_METERS, type Treatment } from '../controller/base-flows.ts';
import type { BridgeWishes } from '../doctor/bridge-findings.ts';
import type { Mode } from '../policy/mode.ts';
import type { PrimeSettings } from '../switches/prime-bridge.ts';

/** Warm-up counts for nothing here: what `enforce` becomes without a controller is for `on_failure` to say. */
export function primeSettings(config: Config): PrimeSettings {
  return {
    treatment: treatmentOf(config, config.mode),
    onFailure: config.on_failure,
    insideNetworks: config.inside.networks,
    trustedResolvers: config.trusted_resolvers,
    outsidePorts: config.outside.ports,
    meterRates: meterRates(config),
  };
}

/** Packets per second by meter id. Copies pass the meter of all that asks as well, which has room for them. */
export function meterRates({ copy, ask }: Config): ReadonlyMap<number, number> {
  const rates = { observed: copy.observed_rate, blocked: copy.blocked_rate };
  const copies = COPY_METERS.map(({ meterId, reason }): [number, number] => [meterId, rates[reason]]);
  return new Map([...copies, [ASK_METER, ask.rate + rates.observed + rates.blocked]]);
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
