/** What people ask about findings, and do about them. */
import { parseAddress } from '../core/address.ts';
import { GluewallError } from '../core/errors.ts';
import { canonicalName, parseName } from '../dns/name.ts';
import type { ClosedAs, Finding } from '../findings/finding.ts';
import type { FindingBook, FindingFilter } from '../findings/finding-book.ts';
import type { Case, CaseProgress } from '../traceback/cases/case.ts';
import type { CaseDemand } from '../traceback/cases/case-demand.ts';
import { type FindingSummary, type FindingView, summariseFinding, viewFinding } from './finding-view.ts';
import type { NodeOperations } from './traceback-services.ts';

/** What became of a finding. */
export interface FindingChangeView {
  readonly finding: FindingView;
  /** False when it is so from now on, but could not be written to the store yet. */
  readonly kept: boolean;
}

/** A case to be opened from a finding; what is undefined is taken from it, as far as it says it. */
export interface FindingTrace extends Omit<CaseDemand, 'name' | 'atMs' | 'source' | 'by'> {
  readonly finding: string;
  readonly name?: CaseDemand['name'] | undefined;
  readonly atMs?: number | undefined;
  readonly source?: CaseDemand['source'] | undefined;
  readonly by: string;
}

/** A finding is meant by its id, or by as much of its beginning as no other has: else GluewallError `finding-unknown`. */
export interface FindingServices {
  /** Those last updated first. */
  list(filter: FindingFilter): AsyncGenerator<FindingSummary, void>;
  show(id: string): FindingView;
  /** This and the next three reject with GluewallError `finding-state` when that was done already. */
  acknowledge(id: string, by: string): Promise<FindingChangeView>;
  escalate(id: string, by: string): Promise<FindingChangeView>;
  close(id: string, as: ClosedAs, reason: string, by: string): Promise<FindingChangeView>;
  reopen(id: string, by: string): Promise<FindingChangeView>;
  comment(id: string, text: string, by: string): Promise<FindingChangeView>;
  /** Opens a traceback case and works on it. Throws GluewallError `finding-trace` when it is not said what is to be looked for. */
  trace(wanted: FindingTrace, signal: AbortSignal): AsyncGenerator<CaseProgress, Case>;
}

/** Findings that are given before others have their turn. */
const TURN_FINDINGS = 500;

/** `given` is undefined where there are none. */
export function findingServices(
  given: FindingBook | undefined,
  node: Pick<NodeOperations, 'request'>,
): FindingServices {
  const asked = () => {
    if (given !== undefined) return given;
    throw new GluewallError('not-running', 'findings are asked of the gluewall that runs, or of its store');
  };
  const keep = async (finding: Finding): Promise<FindingChangeView> => {
    // The book logs what fails, and tries it again.
    const kept = await asked()
      .flush()
      .then(
        () => true,
        () => false,
      );
    return { finding: viewFinding(finding), kept };
  };
  return {
    async *list(filter) {
      for (const [index, finding] of asked().list(filter).entries()) {
        if (index % TURN_FINDINGS === TURN_FINDINGS - 1) await new Promise(setImmediate);
        yield summariseFinding(finding);
      }
    },
    show: (id) => viewFinding(asked().get(id)),
    acknowledge: async (id, by) => keep(asked().acknowledge(id, by)),
    escalate: async (id, by) => keep(asked().escalate(id, by)),
    close: async (id, as, reason, by) => keep(asked().close(id, as, reason, by)),
    reopen: async (id, by) => keep(asked().reopen(id, by)),
    comment: async (id, text, by) => keep(asked().comment(id, text, by)),
    async *trace(wanted, signal) {
      const book = asked();
      const finding = book.get(wanted.finding);
      const answer = node.request(demandOf(finding, wanted), signal);
      let isLinked = false;
      for (;;) {
        const step = await answer.next();
        const id = step.done === true ? step.value.id : step.value.case;
        if (!isLinked) book.linkCase(finding.id, id, wanted.by);
        isLinked = true;
        if (step.done === true) return step.value;
        yield step.value;
      }
    },
  };
}

/** Throws GluewallError `finding-trace` that says what is missing. */
function demandOf(finding: Finding, { finding: _, ...wanted }: FindingTrace): CaseDemand {
  const name = wanted.name ?? nameOf(finding);
  const source = wanted.source ?? sourceOf(finding);
  const atMs = wanted.atMs ?? attackAtMs(finding);
  const missing = [
    ...(name === undefined ? ['what the victim is called: --name NAME'] : []),
    ...(source === undefined ? ['where its packets say that they come from: --source ADDRESS'] : []),
  ];
  if (name !== undefined && source !== undefined) return { ...wanted, name, source, atMs };
  throw new GluewallError('finding-trace', `${finding.id} does not say ${missing.join(', nor ')}`);
}

/** Of a C&C server that is known by its name: who asked for it. */
function nameOf({ kind, subject }: Finding): CaseDemand['name'] | undefined {
  const mayBeName = (kind === 'c2-server' || kind === 'download-server') && parseAddress(subject) === undefined;
  const name = mayBeName ? parseName(subject) : undefined;
  return name === undefined ? undefined : canonicalName(name);
}

/** The host that was found out, if the packets said its address; that of a flooded host is the victim's. */
function sourceOf({ kind, subject }: Finding): CaseDemand['source'] | undefined {
  return kind === 'answer-flood' || kind === 'backscatter' ? undefined : parseAddress(subject);
}

/** An attack is known by its beginning; of what goes on, the end is still in the logs. */
function attackAtMs({ kind, firstAtMs, lastAtMs }: Finding): number {
  return kind === 'answer-flood' || kind === 'backscatter' ? firstAtMs : lastAtMs;
}
