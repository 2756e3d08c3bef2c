/** What holds where the configuration leaves a choice open that depends on its other keys. */
import { isDeepStrictEqual } from 'node:util';
import { type Config, configSchema } from './schema.ts';

/** Whose responses teach. */
export function teachingMode({ teach, trusted_resolvers }: Config): NonNullable<Config['teach']> {
  return teach ?? (trusted_resolvers.length > 0 ? 'resolvers' : 'matched');
}

/** Where DNS is captured, each interface once: none where switches copy it, unless they are named. */
export function captureInterfaces({ capture, openflow, outside }: Config): readonly string[] {
  const named = openflow.learn ? [] : outside.ports.filter((port) => typeof port === 'string');
  return [...new Set(capture.interfaces ?? named)];
}

/** Whether what hosts do is looked at. */
export function looksAtHosts({ behaviour, inside }: Config): boolean {
  return behaviour.enabled ?? inside.networks.length > 0;
}

const GATE_KEYS = ['inside', 'outside', 'openflow', 'capture'] as const;

/** Whether there is to be a gate: a traceback node (`gluewall node`) has none where no key of a gate says anything. */
export function hasGate(config: Config): boolean {
  if (config.node === undefined) return true;
  const defaults = configSchema.parse({});
  return GATE_KEYS.some((key) => !isDeepStrictEqual(config[key], defaults[key]));
}

/** Whether the history has a source beside interfaces that are captured here. */
export function hasOtherSource({ capture, openflow, dnstap }: Config): boolean {
  return openflow.learn || capture.listen !== undefined || dnstap.listen !== undefined;
}

/** Whether any client, of a group or of none, is to be enforced. */
export function isEnforced({ mode, groups }: Config): boolean {
  return mode === 'enforce' || groups.some((group) => group.mode === 'enforce');
}

/** Without a configured direction nobody can tell what is outbound, and so nothing is judged. */
export function isJudging({ inside, outside }: Config): boolean {
  return inside.networks.length > 0 && outside.ports.length > 0;
}
