/** What our sensor costs beside a resolver under load: figure 14 of the DNS log traceback paper, with a sensor. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { repositoryPath } from '../../mininet/repository-path.ts';
import { until } from '../../mininet/until.ts';
import { askControl } from '../../src/control/control-client.ts';
import type { SourceView } from '../../src/services/log-services.ts';
import type { Bench } from './bench-program.ts';
import { cpuSecondsOf } from './cpu-time.ts';
import { startResolver, startUpstream, type Telling } from './logged-unbound.ts';
import { type Peer, startNode } from './peer.ts';
import { type Spread, spreadOf } from './statistics.ts';

/** Queries a second, as in figure 14. */
const RATE = 1000;
/** Under load before anything counts: the resolver fills its buffers, and our code, which runs for months, is compiled. */
const RESOLVER_WARM_SECONDS = 5;
const SENSOR_WARM_SECONDS = 30;
/** dnsperf goes on a little longer than is measured. */
const MARGIN_SECONDS = 2;
/** What was asked is to be in the log within this time. */
const FOUND_MS = 30_000;
const GAP_MS = 600_000;

/** What runs: the resolver with or without a log of its own, alone or with our sensor reading it. */
const SETTINGS = ['silent', 'logging', 'followed', 'dnstap'] as const;
type Setting = (typeof SETTINGS)[number];

/** Processor time used, in percent of one core, at 1,000 queries/s. */
export interface SensorCpu {
  /** The sensor that follows the file, and what it makes the resolver cost more than one that logs alone. */
  readonly sensorCpuPercent: Spread;
  /** The same of dnstap: the sensor, and what telling it costs the resolver, beyond what writing the file costs it. */
  readonly dnstapSensorCpuPercent: Spread;
  /** The resolver alone, without a log and with one. */
  readonly resolverCpuPercent: Spread;
  readonly loggingResolverCpuPercent: Spread;
  /** The resolver while the sensor is fed by dnstap, which is all that it logs. */
  readonly dnstapResolverCpuPercent: Spread;
  /** The sensor per query, microseconds of processor time: following the file, and by dnstap. */
  readonly sensorMicrosecondsPerQuery: Spread;
  readonly dnstapSensorMicrosecondsPerQuery: Spread;
}

/** Of one setting, in percent of one core. */
interface Cost {
  readonly resolver: number;
  readonly sensor: number;
}

/**
 * Measures every setting `runs` times, one after the other and again, for `seconds` each. Throws when the sensor has not
 * every query that was asked. Makes servers on loopback: to be run in a private world.
 */
export async function measureSensorCpu(call: Bench, runs: number, seconds: number): Promise<SensorCpu> {
  const upstream = await startUpstream(call);
  const rounds: Record<Setting, Cost>[] = [];
  try {
    for (let run = 1; run <= runs && !call.signal.aborted; run++) {
      const round: Partial<Record<Setting, Cost>> = {};
      for (const setting of SETTINGS) round[setting] = await measure(call, upstream.port, setting, seconds);
      rounds.push(round as Record<Setting, Cost>);
      const told = SETTINGS.map((setting) => `${setting} ${asText(round[setting]!)}`);
      call.say(`sensor, run ${run} of ${runs}, % of a core: ${told.join(', ')}`);
    }
  } finally {
    await upstream.stop();
  }
  const spread = (of: (round: Record<Setting, Cost>) => number) => spreadOf(rounds.map(of));
  const microseconds = (percent: number) => (percent / 100 / RATE) * 1e6;
  return {
    sensorCpuPercent: spread(({ followed, logging }) => followed.sensor + followed.resolver - logging.resolver),
    dnstapSensorCpuPercent: spread(({ dnstap, logging }) => dnstap.sensor + dnstap.resolver - logging.resolver),
    resolverCpuPercent: spread(({ silent }) => silent.resolver),
    loggingResolverCpuPercent: spread(({ logging }) => logging.resolver),
    dnstapResolverCpuPercent: spread(({ dnstap }) => dnstap.resolver),
    sensorMicrosecondsPerQuery: spread(({ followed }) => microseconds(followed.sensor)),
    dnstapSensorMicrosecondsPerQuery: spread(({ dnstap }) => microseconds(dnstap.sensor)),
  };
}

function asText({ resolver, sensor }: Cost): string {
  return `${resolver.toFixed(2)} + ${sensor.toFixed(2)}`;
}

async function measure(call: Bench, upstreamPort: number, setting: Setting, seconds: number): Promise<Cost> {
  const folder = mkdtempSync(join(call.folder, `${setting}-`));
  const [file, dnstapSocket] = [join(folder, 'unbound.log'), join(folder, 'dnstap.sock')];
  const tellings: Readonly<Record<Setting, Telling>> = {
    silent: undefined,
    logging: { file },
    followed: { file },
    dnstap: { dnstapSocket },
  };
  // First, for it makes the socket that the resolver writes to.
  const sensor = await startSensor(call, folder, setting, file, dnstapSocket);
  try {
    const resolver = await startResolver(call, upstreamPort, tellings[setting]);
    try {
      const filled = await resolver.fill();
      const warmSeconds = sensor === undefined ? RESOLVER_WARM_SECONDS : SENSOR_WARM_SECONDS;
      const [cost, asked] = await Promise.all([
        costUnderLoad(call, resolver, sensor, warmSeconds, seconds),
        resolver.ask(RATE, warmSeconds + seconds + MARGIN_SECONDS),
      ]);
      await sensor?.mustHave(filled + asked);
      return cost;
    } finally {
      await resolver.stop();
    }
  } finally {
    await sensor?.stop();
  }
}

async function costUnderLoad(
  call: Bench,
  resolver: Peer,
  sensor: Sensor | undefined,
  warmSeconds: number,
  seconds: number,
): Promise<Cost> {
  const used = () => ({ resolver: cpuSecondsOf(resolver.pid), sensor: sensor?.cpuSeconds() ?? 0 });
  await wait(warmSeconds * 1000, undefined, { signal: call.signal });
  const [before, startedAtMs] = [used(), performance.now()];
  await wait(seconds * 1000, undefined, { signal: call.signal });
  const [after, percentPerSecond] = [used(), 1e5 / (performance.now() - startedAtMs)];
  return {
    resolver: (after.resolver - before.resolver) * percentPerSecond,
    sensor: (after.sensor - before.sensor) * percentPerSecond,
  };
}

interface Sensor {
  readonly cpuSeconds: () => number;
  /** Resolves when so many queries are in its log; rejects when there are not in time, or more. */
  readonly mustHave: (queries: number) => Promise<void>;
  readonly stop: Peer['stop'];
}

async function startSensor(
  call: Bench,
  folder: string,
  setting: Setting,
  file: string,
  dnstapSocket: string,
): Promise<Sensor | undefined> {
  if (setting !== 'followed' && setting !== 'dnstap') return undefined;
  const socket = join(folder, 'control.sock');
  const config = join(folder, 'gluewall.yaml');
  const source =
    setting === 'dnstap'
      ? `dnstap: { listen: ${dnstapSocket} }`
      : `querylog: { sources: [{ name: resolver, file: ${file}, server: 127.0.0.1 }] }`;
  writeFileSync(config, `openflow: { listen: "127.0.0.1:0" }\nstore: { file: gluewall.db }\n${source}\n`);
  const script = repositoryPath('dist', 'src', 'cli', 'main.js');
  const args = [script, 'run', '--config', config, '--socket', socket];
  const peer = await startNode(args, (line) => (line.includes('listening') ? 1 : undefined), call.signal);
  return {
    cpuSeconds: () => cpuSecondsOf(peer.pid),
    mustHave: (queries) => mustHave(socket, queries),
    stop: () => peer.stop(),
  };
}

async function mustHave(socket: string, queries: number): Promise<void> {
  let entries = 0;
  await until(`${queries} queries in the log`, FOUND_MS, async () => {
    entries = 0;
    for await (const item of askControl(socket, { operation: 'log sources', gapMs: GAP_MS })) {
      entries += (item as SourceView).entries;
    }
    return entries >= queries ? true : undefined;
  }).catch((error: Error) => {
    throw new Error(`${error.message}: there are ${entries}`);
  });
  if (entries > queries) throw new Error(`${entries} queries are in the log, of ${queries} that were asked`);
}
