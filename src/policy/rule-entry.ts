import type { Address, Network } from '../core/address.ts';
import type { Name } from '../dns/name.ts';
import type { Transport } from '../dns/observation.ts';
import type { PackAnswer } from './pack-answer.ts';
import type { RuleState } from './rule-book.ts';
import { FIELD } from './verdict.ts';

/** A rule made ready: every field is always there, so that all entries look alike to the processor. */
export interface RuleEntry {
  /** Its place among the rules of its step. */
  readonly order: number;
  readonly state: RuleState;
  readonly address: Address | undefined;
  readonly network: Network | undefined;
  readonly mac: number | undefined;
  readonly port: string | number | undefined;
  readonly group: string | undefined;
  readonly pack: PackAnswer | undefined;
  readonly zone: Name | undefined;
  readonly types: readonly number[] | undefined;
  readonly protocol: Transport | undefined;
  /** Bits of FIELD that the rule reads when it holds; names of a pack come to that. */
  readonly fields: number;
}

/** `pack`: that of a rule which is about one. */
export function makeReady(order: number, state: RuleState, pack: PackAnswer | undefined): RuleEntry {
  const { from, zone, types, protocol } = state.rule.match;
  return {
    order,
    state,
    address: from?.kind === 'address' ? from.address : undefined,
    network: from?.kind === 'network' ? from.network : undefined,
    mac: from?.kind === 'mac' ? from.mac : undefined,
    port: from?.kind === 'port' ? from.port : undefined,
    group: from?.kind === 'group' ? from.group : undefined,
    pack,
    zone,
    types,
    protocol,
    fields:
      FIELD.destination |
      (from === undefined ? 0 : FIELD_OF_SELECTOR[from.kind]) |
      (zone === undefined ? 0 : FIELD.queryName) |
      (types === undefined ? 0 : FIELD.queryType) |
      (protocol === undefined ? 0 : FIELD.protocol),
  };
}

const FIELD_OF_SELECTOR = {
  address: FIELD.client,
  network: FIELD.client,
  mac: FIELD.mac,
  port: FIELD.port,
  group: FIELD.group,
} as const;
