/** Whether a running gluewall learns, and if not, why that may be: from the figures of its `status`. */
import { z } from 'zod';
import type { Finding } from './finding.ts';

const count = z.number().min(0);

/** The part of `status` that is read here; what else it has does not matter. */
const statusFigures = z.object({
  history: z.object({ triples: count, refused: count }),
  learning: z.record(z.string(), z.unknown()),
  capture: z
    .object({
      openInterfaces: z.array(z.string()),
      receivedByKernel: count,
      droppedByKernel: count,
      droppedByBackpressure: count,
    })
    .nullable(),
});

export type LearningFacts = z.infer<typeof statusFigures>;

/** Undefined when the answer is not what this version of gluewall says. */
export function readLearningFacts(status: unknown): LearningFacts | undefined {
  return statusFigures.safeParse(status).data;
}

/** What the configuration wants of the capture, and how it teaches. */
export interface LearningWishes {
  readonly interfaces: readonly string[];
  readonly teach: 'resolvers' | 'chain' | 'matched';
}

/** With fewer, nothing can be said yet of what is missing. */
const ENOUGH = 20;
const MAX_LOSS = 0.01;
const ENCRYPTED = 'DNS over TLS or HTTPS (853, 443) cannot be learned from';

export function learningFindings(facts: LearningFacts, wishes: LearningWishes): readonly Finding[] {
  if (facts.capture === null) {
    const message = 'nothing is captured: the configuration of the running gluewall names no interface';
    return [
      { check: 'capture', ok: false, message, remedy: 'name one in outside.ports or capture.interfaces, and restart' },
    ];
  }
  return [
    openInterfaces(facts.capture, wishes),
    losses(facts.capture),
    queries(facts, wishes),
    responses(facts),
    lessons(facts),
    room(facts),
  ];
}

type CaptureFacts = NonNullable<LearningFacts['capture']>;

function openInterfaces({ openInterfaces: open }: CaptureFacts, { interfaces }: LearningWishes): Finding {
  const check = 'capture';
  const closed = interfaces.filter((name) => !open.includes(name));
  if (closed.length === 0 && open.length > 0) return { check, ok: true, message: `captures on ${open.join(', ')}` };
  const remedy = 'see the log of gluewall for the reason; it tries again by itself';
  return { check, ok: false, message: `does not capture on ${closed.join(', ') || 'any interface'}`, remedy };
}

function losses({ receivedByKernel, droppedByKernel, droppedByBackpressure }: CaptureFacts): Finding {
  const check = 'capture-losses';
  const lost = droppedByKernel + droppedByBackpressure;
  const message = `${lost} of ${receivedByKernel} captured packets were lost`;
  if (lost <= MAX_LOSS * receivedByKernel) return { check, ok: true, message };
  return { check, ok: false, message, remedy: 'give gluewall more CPU, or capture where there is less traffic' };
}

const figure = ({ learning }: LearningFacts, name: string): number => {
  const value = learning[name];
  return typeof value === 'number' ? value : 0;
};

function queries(facts: LearningFacts, { teach }: LearningWishes): Finding {
  const check = 'queries';
  const seen = figure(facts, 'queries');
  const ofOthers = figure(facts, 'refused: client is no trusted resolver');
  if (seen > 0) return { check, ok: true, message: `${seen} queries were seen leaving` };
  if (teach === 'resolvers' && ofOthers > 0) {
    const message = `no query of a trusted resolver was seen leaving, but ${ofOthers} messages of others: its queries take another way, or are encrypted`;
    const remedy = `put the address from which the resolver queries the Internet into trusted_resolvers; ${ENCRYPTED}`;
    return { check, ok: false, message, remedy };
  }
  const message = 'no query was seen leaving since the start';
  const remedy = `capture where the resolver's queries leave, check capture.direction and inside.networks; ${ENCRYPTED}`;
  return { check, ok: false, message, remedy };
}

function responses(facts: LearningFacts): Finding {
  const check = 'responses';
  const matched = figure(facts, 'responses matched');
  const unmatched = figure(facts, 'responses unmatched');
  const sum = matched + unmatched;
  const message = `${matched} of ${sum} responses matched a query`;
  if (matched > 0 && (sum < ENOUGH || matched * 2 >= sum)) return { check, ok: true, message };
  if (sum < ENOUGH) return { check, ok: null, message: `${message}: too few to say more` };
  const remedy = 'capture where queries and responses both pass; with a mirror port set capture.direction: networks';
  return { check, ok: false, message: `${message}: most came without one that was seen`, remedy };
}

function lessons(facts: LearningFacts): Finding {
  const check = 'learning';
  const learned = figure(facts, 'lessons');
  const matched = figure(facts, 'responses matched');
  if (learned > 0) {
    return { check, ok: true, message: `learned ${learned} times; the history has ${facts.history.triples} triples` };
  }
  if (matched < ENOUGH)
    return { check, ok: null, message: `nothing was learned yet, from ${matched} matched responses` };
  const glueless = figure(facts, 'glueless');
  if (glueless > 0) {
    const message = `${glueless} NS records came without the address of their server, and none was learned`;
    return {
      check,
      ok: false,
      message,
      remedy: 'raise glue.wait; see that the resolver looks up name servers through this link',
    };
  }
  const [refusal, times] = mostFrequentRefusal(facts);
  if (times * 2 >= matched) {
    const message = `nothing was learned: ${times} times ${refusal}`;
    return { check, ok: false, message, remedy: 'gluewall status has all reasons; see teach in docs/configuration.md' };
  }
  const message = `${matched} responses taught nothing: they carry no NS records, as where the resolver forwards its queries to another`;
  const remedy =
    'let the resolver iterate from the root, or capture where the other one does; else allow its upstream with `gluewall allow add`';
  return { check, ok: false, message, remedy };
}

function mostFrequentRefusal({ learning }: LearningFacts): readonly [string, number] {
  let most: readonly [string, number] = ['', 0];
  for (const [name, times] of Object.entries(learning)) {
    if (!name.startsWith('refused: ') || name.endsWith('client is no trusted resolver')) continue;
    if (typeof times === 'number' && times > most[1]) most = [name.slice('refused: '.length), times];
  }
  return most;
}

function room({ history }: LearningFacts): Finding {
  const check = 'history-room';
  if (history.refused === 0) return { check, ok: true, message: 'the history took all that was learned' };
  const message = `the history is full: ${history.refused} triples found no room`;
  return { check, ok: false, message, remedy: 'raise history.size; see whether somebody fills it on purpose' };
}
