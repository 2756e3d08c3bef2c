/** Reloads of ten thousand rules while permitted queries run. */
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../mininet/until.ts';
import { ASKED_NAME, askedAddress, type FirstQueryNet } from './first-query-net.ts';
import type { ConfigKeys, GatedBridges } from './gated-bridges.ts';
import { GROUPS, groupName, groupNetwork, manyRules, type WrittenRule } from './many-rules.ts';
import { type LoadCount, LoadSender } from './query-sender.ts';

const RULES = 10_000;
const RELOADS = 6;
/** Servers of each of the two bridges, asked in turns all the time. */
const SERVERS = 50;
const PER_SECOND = 1000;
const WAIT_SECONDS = 3;
const IN_FORCE_MS = 30_000;
/** Between two reloads. */
const REST_MS = 1000;

export interface ReloadResult {
  /** Of each reload: from starting the command until it has ended and its changes are on the wire. */
  readonly inForceSeconds: readonly number[];
  /** The command alone. */
  readonly commandSeconds: readonly number[];
  readonly load: LoadCount;
}

/** What of the reload is seen on the wire: a server that is unknown, and one that is known. */
export interface Watched {
  readonly unknown: string;
  readonly known: string;
}

/** The servers that must be known beside the watched one; `first` is the first place not asked otherwise. */
export function reloadServers(first: number): readonly string[] {
  return [1, 2].flatMap((place) => Array.from({ length: SERVERS }, (_, index) => askedAddress(place, first + index)));
}

/** Rules of one reload are others than those of the next; only in every second one are the watched servers named. */
function rulesOf(round: number, { unknown, known }: Watched): ConfigKeys {
  const many = manyRules(RULES, `reload ${round}`).slice(round % 2 === 1 ? 2 : 0);
  const own: WrittenRule[] = [
    { action: 'allow', to: unknown, reason: 'watched' },
    { action: 'deny', to: known, reason: 'watched' },
  ];
  const groups = Array.from({ length: GROUPS }, (_, group) => ({
    name: groupName(group),
    clients: [groupNetwork(group)],
  }));
  return { groups, rules: round % 2 === 1 ? [...many, ...own] : many };
}

/** Seconds until the command has ended, and until both watched servers show that the configuration is in force. */
async function reloadOnce(bridges: GatedBridges, load: LoadSender, round: number, watched: Watched) {
  bridges.configure(rulesOf(round, watched));
  const startedAtMs = monotonicMs();
  await bridges.ask('reload', '--json');
  const endedAtMs = monotonicMs();
  const isNamed = round % 2 === 1;
  const changedAtMs = await until(`reload ${round} is in force`, IN_FORCE_MS, () => {
    const [allowed, denied] = [load.last(watched.unknown), load.last(watched.known)];
    if (allowed?.answers !== isNamed || denied?.answers !== !isNamed) return undefined;
    return Math.max(allowed.atMs, denied.atMs);
  });
  const seconds = (atMs: number) => (atMs - startedAtMs) / 1000;
  return { command: seconds(endedAtMs), inForce: seconds(Math.max(endedAtMs, changedAtMs)) };
}

/** By the clock that the sender of queries reads. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export async function measureReloads(
  net: FirstQueryNet,
  bridges: GatedBridges,
  servers: readonly string[],
  watched: Watched,
  say: (line: string) => void,
): Promise<ReloadResult> {
  const { unknown, known } = watched;
  const order = {
    servers,
    name: ASKED_NAME,
    perSecond: PER_SECOND,
    watched: [unknown, known],
    waitSeconds: WAIT_SECONDS,
  };
  const load = new LoadSender(net, order);
  const startedAtMs = monotonicMs();
  const inForceSeconds: number[] = [];
  const commandSeconds: number[] = [];
  await until('the load runs', IN_FORCE_MS, () =>
    load.last(known)?.answers === true && load.last(unknown)?.answers === false ? true : undefined,
  );
  for (let round = 1; round <= RELOADS; round++) {
    await wait(REST_MS);
    const { command, inForce } = await reloadOnce(bridges, load, round, watched);
    commandSeconds.push(command);
    inForceSeconds.push(inForce);
    say(
      `reload ${round} of ${RELOADS}: in force after ${inForce.toFixed(2)} s, the command took ${command.toFixed(2)} s`,
    );
  }
  const count = await load.stop();
  for (const [server, atMs] of count.unanswered)
    say(`lost: to ${server}, ${((atMs - startedAtMs) / 1000).toFixed(2)} s after the start`);
  return { inForceSeconds, commandSeconds, load: count };
}
