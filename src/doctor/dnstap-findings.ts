/** Whether resolvers write dnstap, and what of it teaches: from the figures of `status`. */
import { z } from 'zod';
import type { Finding } from './finding.ts';

const count = z.number().min(0);

/** The part of `status.dnstap` that is read here. */
export const dnstapFigures = z.object({
  connected: count,
  /** By type of message. */
  frames: z.record(z.string(), count),
});

export type DnstapFacts = z.infer<typeof dnstapFigures>;

const SETTINGS =
  'log RESOLVER_QUERY and RESOLVER_RESPONSE (unbound: dnstap-log-resolver-query-messages and -response-messages; BIND: `dnstap { resolver; };`)';

export function dnstapFindings({ connected, frames }: DnstapFacts): readonly Finding[] {
  const check = 'dnstap';
  const of = (type: string) => frames[type] ?? 0;
  if (connected === 0) {
    const remedy =
      'name dnstap.listen in the configuration of the resolver, and see its log; it must be allowed to write there (dnstap.access)';
    return [{ check, ok: false, message: 'no resolver is connected that writes dnstap', remedy }];
  }
  const queries = of('resolver query');
  const responses = of('resolver response');
  const forwarded = of('forwarder query') + of('forwarder response');
  if (forwarded > queries + responses) return [forwardedFinding(check, forwarded)];
  const message = `${connected} write dnstap: ${queries} queries and ${responses} responses of resolvers`;
  if (queries > 0 && responses > 0) return [{ check, ok: true, message }];
  const others = Object.values(frames).reduce((sum, frames) => sum + frames, 0);
  if (queries + responses === 0 && others === 0) return [{ check, ok: null, message: `${message} so far` }];
  return [{ check, ok: false, message, remedy: `both are needed, and none of another kind: ${SETTINGS}` }];
}

function forwardedFinding(check: string, forwarded: number): Finding {
  const message = `${forwarded} dnstap messages are of queries that the resolver forwards to another: they teach nothing`;
  return { check, ok: false, message, remedy: 'let it iterate from the root, or take the dnstap of the other one' };
}
