import type { Config } from './schema.ts';

/** Two keys, each right, that do not go together. */
export interface Contradiction {
  /** The key to look at. */
  readonly path: readonly string[];
  readonly problem: string;
}

/** What no single key is to blame for. */
export function contradictions(config: Config): readonly Contradiction[] {
  const problems: Contradiction[] = [];
  const { inside, outside, ttl } = config;
  if (config.mode === 'enforce' && (inside.networks.length === 0 || outside.ports.length === 0)) {
    const problem =
      'mode: enforce needs inside.networks and outside.ports, else nobody can tell which queries are outbound';
    problems.push({ path: ['mode'], problem });
  }
  if (config.teach === 'resolvers' && config.trusted_resolvers.length === 0) {
    const problem = 'teach: resolvers needs trusted_resolvers, else nobody teaches';
    problems.push({ path: ['teach'], problem });
  }
  if (ttl.floor > ttl.cap) problems.push({ path: ['ttl', 'floor'], problem: 'ttl.floor is above ttl.cap' });
  if (config.drop_flow.life % 1000 !== 0) {
    const problem = 'drop_flow.life must be whole seconds: the switch counts in seconds';
    problems.push({ path: ['drop_flow', 'life'], problem });
  }
  return problems;
}
