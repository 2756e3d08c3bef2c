import type { Config } from '../../config/schema.ts';
import { RpzHost, type RpzHostParts } from './rpz-host.ts';

/** Undefined where none is configured. Throws GluewallError `tsig-key`. */
export function createRpz(config: Config, parts: RpzHostParts): RpzHost | undefined {
  const { rpz } = config.response;
  return rpz === undefined ? undefined : new RpzHost(config, rpz, parts);
}
