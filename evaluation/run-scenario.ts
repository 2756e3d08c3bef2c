import { GluewallError } from '../src/core/errors.ts';
import { DEFAULT_CORRELATION } from '../src/correlation/correlation-options.ts';
import { lineEvents } from '../src/correlation/events/line-events.ts';
import { Replay, type ReplayOutcome } from '../src/correlation/replay.ts';
import type { Scenario } from './scenario/make-scenario.ts';

/** What was found in a scenario. */
export interface Outcome extends ReplayOutcome {
  /** Spent in finding it, milliseconds. */
  readonly spentMs: number;
}

/** Shows the events of a scenario to a correlator, as if they happened now. Rejects with GluewallError `event-file` when there are none. */
export async function runScenario({ title, truth, portions }: Scenario): Promise<Outcome> {
  const { inside: insideNetworks, resolvers: trustedResolvers, mailServers } = truth;
  const site = { insideNetworks, trustedResolvers, mailServers };
  const replay = new Replay(DEFAULT_CORRELATION, site);
  let spentMs = 0;
  for await (const lines of portions()) {
    const startedMs = performance.now();
    for (const line of lines) lineEvents(line, site, (event) => replay.observe(event));
    spentMs += performance.now() - startedMs;
  }
  const startedMs = performance.now();
  const outcome = replay.finish();
  // On nothing at all every target would be met.
  if (outcome.events === 0) {
    const wanted = 'want events whose client or source is in `inside` of truth.json';
    throw new GluewallError('event-file', `${title}: there is no event of a host; ${wanted}`);
  }
  return { ...outcome, spentMs: spentMs + performance.now() - startedMs };
}
