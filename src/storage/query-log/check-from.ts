import { GluewallError } from '../../core/errors.ts';
import type { SourceBatch, SourcePosition } from '../../querylog/query-log-store.ts';

/**
 * Throws GluewallError `store-position` where a batch with a position goes on from another one than the store keeps of its
 * source.
 */
export function checkFrom(
  { source, position, from }: SourceBatch,
  kept: Pick<SourcePosition, 'fingerprint' | 'offset'> | undefined,
): void {
  if (position === undefined) return;
  if (kept?.fingerprint === from?.fingerprint && kept?.offset === from?.offset) return;
  const name = source.slice(0, 40);
  const reason = 'what has been read of it is not what the query log has of it';
  throw new GluewallError('store-position', `another process reads the source ${name}, too: ${reason}`);
}
