/** `doctor`: what stands in the way of gluewall on this machine, and what to do about it. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import pc from 'picocolors';
import { captureInterfaces, hasGate, hasOtherSource, looksAtHosts, teachingMode } from '../../config/effective.ts';
import type { Config } from '../../config/schema.ts';
import { summarise } from '../../config/summary.ts';
import { resultOf } from '../../control/answer.ts';
import { askControl } from '../../control/control-client.ts';
import { DAY_MS, systemClock } from '../../core/clock.ts';
import { GluewallError } from '../../core/errors.ts';
import { bridgeFindings } from '../../doctor/bridge-findings.ts';
import { readClockFacts } from '../../doctor/clock-facts.ts';
import { type ClockFacts, clockFindings } from '../../doctor/clock-findings.ts';
import type { Finding } from '../../doctor/finding.ts';
import { learningFindings, readLearningFacts } from '../../doctor/learning-findings.ts';
import { logFindings, readLogFileFacts } from '../../doctor/log-findings.ts';
import { mariadbFindings } from '../../doctor/mariadb-findings.ts';
import { readNodeFacts } from '../../doctor/node-facts.ts';
import { nodeFindings } from '../../doctor/node-findings.ts';
import { readStoreFacts } from '../../doctor/store-facts.ts';
import { storeFindings } from '../../doctor/store-findings.ts';
import { readSystemFacts } from '../../doctor/system-facts.ts';
import {
  interfaceFindings,
  nodeFinding,
  packageFindings,
  programFindings,
  rightsFinding,
} from '../../doctor/system-findings.ts';
import type { SourceView } from '../../services/log-services.ts';
import { APPLICATION_ID } from '../../storage/migrations.ts';
import { type BridgeFacts, readBridgeFacts } from '../../switches/bridge-facts.ts';
import { bridgePlace, openVswitchRunDirectory } from '../../switches/bridge-place.ts';
import { readDatabase } from '../../switches/database-facts.ts';
import { type AskOptions, askingCommand, configOf } from '../ask.ts';
import { sightsOf } from '../behaviour/behaviour-order.ts';
import { unseenOf } from '../behaviour/unseen.ts';
import { bridgeWishes } from '../bridge-settings.ts';
import { EXIT } from '../exit-codes.ts';
import { mariadbFacts } from '../mariadb-facts.ts';
import { nodeFolder } from '../node/node-order.ts';
import { storeFile } from '../open-store.ts';
import { printJson, printLines } from '../output.ts';
import { printFindings } from '../print-findings.ts';
import { defaultSocketPath } from '../socket-path.ts';

/** Findings that belong together. */
interface Section {
  readonly section: string;
  readonly findings: readonly Finding[];
}

/** The most bridges that are looked at without being named. */
const MAX_BRIDGES = 64;

export function addDoctorCommand(program: Command): void {
  askingCommand(program, 'doctor', 'find out what stands in the way, with a remedy for each finding', [
    'gluewall doctor',
    'gluewall doctor br0 --config /etc/gluewall.yaml',
    'gluewall doctor --json',
  ])
    .argument('[bridge...]', 'bridges of this machine to look at (default: those under gluewall)')
    .action(examine);
}

async function examine(bridges: readonly string[], options: AskOptions): Promise<void> {
  const runDirectory = openVswitchRunDirectory(process.env);
  const named = bridges.map((bridge) => bridgePlace(bridge, runDirectory).bridge);
  const { config, file } = configOf(options);
  const running = await askStatus(options.socket ?? config.control.socket);
  const isGate = hasGate(config);
  const learning = learningSection(running, config);
  const isCapturing = learning.findings.some(({ check, ok }) => check === 'capture' && ok === true);
  const system = readSystemFacts(captureInterfaces(config));
  const hasSource = hasOtherSource(config);
  const store = await storeSection(config, running.ok);
  const clock = await readClockFacts(systemClock);
  const sections: readonly Section[] = [
    {
      section: 'program',
      findings: [
        nodeFinding(system.nodeVersion),
        ...packageFindings(system.packages, isGate),
        ...(isGate ? programFindings(system.programs) : []),
        ...(!isGate || (system.interfaces.length === 0 && hasSource) ? [] : [rightsFinding(system, isCapturing)]),
      ],
    },
    { section: 'configuration', findings: configurationFindings(config, file) },
    ...(isGate ? [{ section: 'interfaces', findings: interfaceFindings(system.interfaces, hasSource) }] : []),
    { section: 'store', findings: store },
    ...(await logSections(config, options.socket ?? config.control.socket)),
    { section: 'clock', findings: clockFindings(clock) },
    ...(await nodeSections(config, clock)),
    ...(isGate ? hostSections(config) : []),
    ...(isGate || named.length > 0 ? await bridgeSections(named, runDirectory, config) : []),
    ...(isGate ? [learning] : []),
  ];
  if (options.json === true) await printJson(sections);
  else await printSections(sections);
  const hasFailed = sections.some(({ findings }) => findings.some(({ ok }) => ok === false));
  process.exitCode = hasFailed ? EXIT.refused : EXIT.done;
}

async function storeSection(config: Config, isRunning: boolean): Promise<readonly Finding[]> {
  const { kind } = config.store;
  if (kind === 'mariadb') return mariadbFindings(await mariadbFacts(config));
  return storeFindings(kind === 'memory' ? undefined : readStoreFacts(storeFile(config), APPLICATION_ID), isRunning);
}

/** Of the sources of the query log, where there are any. */
async function logSections(config: Config, socket: string | undefined): Promise<readonly Section[]> {
  const { sources } = config.querylog;
  if (sources.length === 0) return [];
  const files = sources.flatMap(({ name, file }) => (file === undefined ? [] : [readLogFileFacts(name, file)]));
  const problems = await sourceProblems(socket ?? defaultSocketPath());
  return [{ section: 'query log', findings: logFindings(files, problems) }];
}

/** Of what is seen of hosts, where it is looked at. */
function hostSections(config: Config): readonly Section[] {
  if (!looksAtHosts(config)) return [];
  const unseen = unseenOf(sightsOf(config));
  const missing = unseen.map(({ what: check, why, remedy }) => ({
    check,
    ok: null,
    message: `not looked for: ${why}`,
    remedy,
  }));
  const all = { check: 'what hosts do', ok: true, message: 'all that is looked for can be seen' };
  return [{ section: 'hosts', findings: missing.length === 0 ? [all] : missing }];
}

/** Of the traceback node, where there is to be one. */
async function nodeSections(config: Config, clock: ClockFacts): Promise<readonly Section[]> {
  const { node } = config;
  if (node === undefined) return [];
  const facts = await readNodeFacts({ ...node, folder: nodeFolder(config, node) }, clock.nowMs);
  return [{ section: 'traceback node', findings: nodeFindings(facts, clock) }];
}

/** What the gluewall that runs cannot read or keep; undefined when none answers. */
async function sourceProblems(socket: string): Promise<ReadonlyMap<string, string> | undefined> {
  const problems = new Map<string, string>();
  try {
    for await (const item of askControl(socket, { operation: 'log sources', gapMs: DAY_MS })) {
      const { source, reading } = item as SourceView;
      if (typeof reading?.problem === 'string') problems.set(source, reading.problem);
    }
    return problems;
  } catch (error) {
    if (error instanceof GluewallError) return undefined;
    throw error;
  }
}

function configurationFindings(config: Config, file: string): readonly Finding[] {
  const check = 'configuration';
  const read: Finding = existsSync(file)
    ? { check, ok: true, message: `${file} is read` }
    : { check, ok: null, message: `there is no ${file}: the defaults are looked at`, remedy: 'name one with --config' };
  const { warnings } = summarise(config);
  return [read, ...warnings.map((message) => ({ check: 'configured', ok: null, message }))];
}

type Running = { readonly ok: true; readonly status: unknown } | { readonly ok: false; readonly problem: string };

async function askStatus(configured: string | undefined): Promise<Running> {
  try {
    const socket = configured ?? defaultSocketPath();
    return { ok: true, status: await resultOf(askControl(socket, { operation: 'status' })) };
  } catch (error) {
    if (error instanceof GluewallError) return { ok: false, problem: error.message };
    throw error;
  }
}

function learningSection(running: Running, config: Config): Section {
  const section = 'learning';
  const unknown = (message: string): Section => ({ section, findings: [{ check: 'learning', ok: null, message }] });
  if (!running.ok) return unknown(`not known: ${running.problem}`);
  const facts = readLearningFacts(running.status);
  if (facts === undefined)
    return unknown('not known: what answers has no gate (`gluewall node`), or is of another version');
  const isListening = config.capture.listen !== undefined;
  const wishes = { interfaces: captureInterfaces(config), isListening, teach: teachingMode(config) };
  return { section, findings: learningFindings(facts, wishes) };
}

/** One section for each bridge; without names those that connect here, have flows of ours or one of the outside ports. */
async function bridgeSections(named: readonly string[], runDirectory: string, config: Config): Promise<Section[]> {
  const sectionOf = (facts: BridgeFacts): Section => ({
    section: `bridge ${facts.bridge}`,
    findings: bridgeFindings(facts, bridgeWishes(config)),
  });
  const factsOf = (bridge: string) => readBridgeFacts(bridgePlace(bridge, runDirectory), systemClock);
  if (named.length > 0) return (await Promise.all(named.map(factsOf))).map(sectionOf);
  const database = await readDatabase(runDirectory);
  if (!database.ok) {
    const { problem, remedy } = database;
    return [
      { section: 'bridges', findings: [{ check: 'bridges', ok: null, message: `not known: ${problem}`, remedy }] },
    ];
  }
  const names = database.facts.bridges.slice(0, MAX_BRIDGES).map(({ name }) => name);
  const facts = await Promise.all(names.map(factsOf));
  const ours = facts.filter((one) => isOurs(one, config));
  if (ours.length > 0) return ours.map(sectionOf);
  const message = `of ${names.length} bridges on this machine none is under gluewall`;
  const remedy = 'gluewall doctor BRIDGE looks at one all the same; docs/operations.md says how to connect it';
  return [{ section: 'bridges', findings: [{ check: 'bridges', ok: null, message, remedy }] }];
}

function isOurs({ database, pipeline }: BridgeFacts, config: Config): boolean {
  const { outsidePorts } = bridgeWishes(config);
  const port = `:${config.openflow.listen.port}`;
  const connectsHere = database.ok && database.row?.controllers.some(({ target }) => target.endsWith(port)) === true;
  if (connectsHere || !pipeline.ok) return connectsHere;
  return (
    pipeline.flowsByRule.size > 0 || outsidePorts.some((one) => typeof one === 'string' && pipeline.ports.has(one))
  );
}

async function printSections(sections: readonly Section[]): Promise<void> {
  for (const { section, findings } of sections) {
    await printLines([{ text: section, paint: pc.bold }, ...printFindings(findings)]);
  }
  const all = sections.flatMap(({ findings }) => findings);
  const failed = all.filter(({ ok }) => ok === false).length;
  const unknown = all.filter(({ ok }) => ok === null).length;
  await printLines([
    `${failed} to mend, ${unknown} not known or to be thought about, ${all.length - failed - unknown} as it should be`,
  ]);
}
