import { isOwnCookie, PIPELINE, ruleOf } from '../controller/pipeline.ts';
import { readFragmentMode, readOwnFlows, readPorts, readTable } from '../controller/switch-state.ts';
import type { Clock } from '../core/clock.ts';
import { GluewallError } from '../core/errors.ts';
import type { BridgePlace } from './bridge-place.ts';
import { type BridgeRow, readDatabase } from './database-facts.ts';
import { ManagementConnection } from './management-connection.ts';

/** What a bridge says of itself over OpenFlow. */
export interface PipelineFacts {
  /** Port numbers by name. */
  readonly ports: ReadonlyMap<string, number>;
  /** A value of FragmentFlag. */
  readonly fragmentMode: number;
  /** How many flows of ours stand, by rule id. */
  readonly flowsByRule: ReadonlyMap<number, number>;
  /** Flows of others in table 0 whose priority is above all of ours: what they match goes past the gate. */
  readonly bypassingFlows: number;
}

/** Something found out, or why it could not be. */
export type Known<T> =
  | ({ readonly ok: true } & T)
  | { readonly ok: false; readonly problem: string; readonly remedy?: string };

/** What can be seen of a bridge on this machine. */
export interface BridgeFacts {
  readonly bridge: string;
  /** `row` is undefined where the database knows no such bridge. */
  readonly database: Known<{ readonly vlanLimit: number | undefined; readonly row: BridgeRow | undefined }>;
  readonly pipeline: Known<PipelineFacts>;
}

/** Reads all of it. Never rejects for what is wrong with the bridge or its Open vSwitch: that is a fact, too. */
export async function readBridgeFacts(place: BridgePlace, clock: Clock): Promise<BridgeFacts> {
  const [database, pipeline] = await Promise.all([readBridgeRow(place), readPipeline(place, clock)]);
  return { bridge: place.bridge, database, pipeline };
}

/** The bridge in the configuration database. Never rejects. */
export async function readBridgeRow({ bridge, runDirectory }: BridgePlace): Promise<BridgeFacts['database']> {
  const answer = await readDatabase(runDirectory);
  if (!answer.ok) return answer;
  const { vlanLimit, bridges } = answer.facts;
  return { ok: true, vlanLimit, row: bridges.find(({ name }) => name === bridge) };
}

async function readPipeline(place: BridgePlace, clock: Clock): Promise<Known<PipelineFacts>> {
  let connection: ManagementConnection | undefined;
  try {
    connection = await ManagementConnection.open(place, clock);
    const { conversation } = connection;
    return {
      ok: true,
      ports: await readPorts(conversation),
      fragmentMode: await readFragmentMode(conversation),
      flowsByRule: countByRule((await readOwnFlows(conversation)).map(({ cookie }) => ruleOf(cookie))),
      bypassingFlows: (await readTable(conversation, PIPELINE.classify.id)).filter(isBypassing).length,
    };
  } catch (error) {
    if (!(error instanceof GluewallError)) throw error;
    return { ok: false, problem: error.message };
  } finally {
    connection?.close();
  }
}

const HIGHEST_PRIORITY = Math.max(...Object.values(PIPELINE.classify.entries).map(({ priority }) => priority));

function isBypassing({ cookie, priority }: { readonly cookie: bigint; readonly priority: number }): boolean {
  return !isOwnCookie(cookie) && priority > HIGHEST_PRIORITY;
}

function countByRule(rules: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const rule of rules) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return counts;
}
