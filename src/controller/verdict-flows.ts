/** The flows that carry out verdicts, as values. */
import type { Address } from '../core/address.ts';
import { matchAddress, writeReason } from './base-flows.ts';
import { type Flow, flow, gotoTable } from './pipeline.ts';

export function allowFlow(destination: Address, hardTimeoutSeconds: number): Flow {
  const match = matchAddress('dst', destination);
  return flow('verdict', 'allow', { match, instructions: [gotoTable('forward')], hardTimeoutSeconds });
}

const dropAndCopy = () => [writeReason('blocked'), gotoTable('copy')];

/** Drops what `client` sends to `destination`. Both are of one family. */
export function dropFlow(client: Address, destination: Address, hardTimeoutSeconds: number): Flow {
  const [, toDestination] = matchAddress('dst', destination);
  const match = [...matchAddress('src', client), toDestination!];
  return flow('verdict', 'drop', { match, instructions: dropAndCopy(), hardTimeoutSeconds });
}

/** Drops all that `client` sends and no allow flow lets pass. */
export function dropClientFlow(client: Address, hardTimeoutSeconds: number): Flow {
  const match = matchAddress('src', client);
  return flow('verdict', 'dropClient', { match, instructions: dropAndCopy(), hardTimeoutSeconds });
}
