import { createHash } from 'node:crypto';
import { composeConfig } from '../config/compose.ts';
import type { Config } from '../config/schema.ts';
import type { ConfigFigures } from '../metrics/metric-sources.ts';
import type { Reloader } from './reloader.ts';

/** Tells what metrics say of the configuration in force, which is never changed in place: its hash is made once. */
export function configFiguresOf(reloader: Pick<Reloader, 'figures'> | undefined): (config: Config) => ConfigFigures {
  const hashes = new WeakMap<Config, string>();
  return (config) => {
    const hash = hashes.get(config) ?? hashOf(config);
    hashes.set(config, hash);
    return { hash, ...(reloader?.figures ?? { appliedAtMs: 0, last: undefined, applied: 0, refused: 0 }) };
  };
}

function hashOf(config: Config): string {
  return createHash('sha256')
    .update(JSON.stringify(composeConfig(config)))
    .digest('hex')
    .slice(0, 12);
}
