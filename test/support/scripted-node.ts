import { type Address, parseAddress } from '../../src/core/address.ts';
import { answerTest } from '../../src/traceback/confirmation/confirmation-test.ts';
import {
  type AnswerTo,
  type ConfirmAnswer,
  type Gap,
  type NodeRequest,
  nameOf,
  type ReportedHost,
  type SourceReport,
  type SuspectReport,
} from '../../src/traceback/messages.ts';

/** What a node answers, and what it was asked. */
export class ScriptedNode {
  readonly asked: NodeRequest[] = [];
  /** For each source, who asked there for the name. */
  sources: Readonly<Record<string, readonly string[]>> = { 'source.example.net': ['192.0.2.50', '192.0.2.51'] };
  reports: SourceReport[] = [reportOf('source.example.net', [reportedHost('192.0.2.50', 0.8)])];
  suspects: SuspectReport[] = [];
  gaps: Gap[] = [];
  /** Runs before the answer to each request, and may fail it. */
  before: (request: NodeRequest, signal: AbortSignal) => Promise<void> = async () => {};

  async answer<R extends NodeRequest>(request: R, signal: AbortSignal): Promise<AnswerTo<R>> {
    this.asked.push(request);
    await this.before(request, signal);
    return (await this.#answer(request, signal)) as AnswerTo<R>;
  }

  async #answer(request: NodeRequest, signal: AbortSignal) {
    const { kind, case: id } = request;
    const { gaps, reports, suspects } = this;
    if (kind === 'traceback') return { kind, case: id, reports, gaps };
    if (kind === 'command-and-control') return { kind, case: id, reports: suspects, gaps };
    const findings: ConfirmAnswer['findings'] = [];
    for (const [name, askers] of Object.entries(this.sources)) {
      const addresses = askers.map((text) => parseAddress(text) as Address);
      const answer = await answerTest(request.test, { caseId: id, name: nameOf(request) }, addresses, signal);
      findings.push({ path: ['destination.example.net', name], ...answer });
    }
    return { kind, case: id, findings, gaps };
  }
}

export function reportedHost(address: string, confidence: number): ReportedHost {
  return {
    address,
    name: `host-${address.split('.').at(-1)}`,
    firstAt: '2026-11-20T12:00:03.000Z',
    lastAt: '2026-11-20T12:00:04.000Z',
    queries: 2,
    chance: 0.001,
    cases: [0.002],
    confidence,
  };
}

export function reportOf(node: string, hosts: ReportedHost[], withheld = 0): SourceReport {
  return {
    path: ['destination.example.net', node],
    expected: 0.01,
    clients: 240,
    coveredMs: 86_400_000,
    otherCases: 1,
    hosts,
    withheld,
  };
}
