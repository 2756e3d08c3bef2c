/** Whether a running gluewall learns, and if not, why that may be: from the figures of its `status`. */
import { z } from 'zod';
import { dnstapFigures, dnstapFindings } from './dnstap-findings.ts';
import type { Finding } from './finding.ts';

const count = z.number().min(0);

/** A capture, as far as it is read here. */
const source = z.object({
  name: z.string(),
  isConnected: z.boolean(),
  interfaces: z.array(z.string()),
  openInterfaces: z.array(z.string()),
});

/** The part of `status` that is read here; what else it has does not matter. */
const statusFigures = z.object({
  history: z.object({ triples: count, refused: count }),
  learning: z.record(z.string(), z.unknown()),
  capture: z
    .object({
      openInterfaces: z.array(z.string()),
      sources: z.array(source),
      receivedByKernel: count,
      droppedByKernel: count,
      droppedByBackpressure: count,
    })
    .nullable(),
  /** Null where switches are not asked for copies. */
  copies: z.record(z.string(), count).nullable().default(null),
  /** Null where no resolver is to write. */
  dnstap: dnstapFigures.nullable().default(null),
});

export type LearningFacts = z.infer<typeof statusFigures>;

/** Undefined when the answer is not what this version of gluewall says. */
export function readLearningFacts(status: unknown): LearningFacts | undefined {
  return statusFigures.safeParse(status).data;
}

/** What the configuration wants of the capture, and how it teaches. */
export interface LearningWishes {
  readonly interfaces: readonly string[];
  /** Captures are processes of their own, which connect to gluewall. */
  readonly isListening: boolean;
  readonly teach: 'resolvers' | 'chain' | 'matched';
}

/** With fewer, nothing can be said yet of what is missing. */
const ENOUGH = 20;
const MAX_LOSS = 0.01;
const ENCRYPTED = 'DNS over TLS or HTTPS (853, 443) can only be learned from by dnstap of the resolver (dnstap.listen)';
/** Of the queries of a resolver that iterates few ask for recursion: those of its operator, and to forwarders of some zones. */
const MAX_FOR_RECURSION = 0.5;

export function learningFindings(facts: LearningFacts, wishes: LearningWishes): readonly Finding[] {
  const { capture, copies, dnstap } = facts;
  if (capture === null && copies === null && dnstap === null) {
    const message = 'nothing is captured and there is no other source: nothing can be learned';
    const remedy =
      'name an interface in outside.ports or capture.interfaces, or set openflow.learn or dnstap.listen, and restart';
    return [{ check: 'capture', ok: false, message, remedy }];
  }
  return [
    ...(capture === null ? [] : captureFindings(capture, wishes)),
    ...(dnstap === null ? [] : dnstapFindings(dnstap)),
    queries(facts, wishes),
    ...forwarding(facts, wishes),
    responses(facts),
    lessons(facts),
    ...unknownResponders(facts),
    room(facts),
  ];
}

type CaptureFacts = NonNullable<LearningFacts['capture']>;

function captureFindings(capture: CaptureFacts, wishes: LearningWishes): readonly Finding[] {
  const captures = wishes.isListening ? connectedCaptures(capture) : [openInterfaces(capture, wishes)];
  return [...captures, losses(capture)];
}

function openInterfaces({ openInterfaces: open }: CaptureFacts, { interfaces }: LearningWishes): Finding {
  const check = 'capture';
  const closed = interfaces.filter((name) => !open.includes(name));
  if (closed.length === 0 && open.length > 0) return { check, ok: true, message: `captures on ${open.join(', ')}` };
  const remedy = 'see the log of gluewall for the reason; it tries again by itself';
  return { check, ok: false, message: `does not capture on ${closed.join(', ') || 'any interface'}`, remedy };
}

/** One finding for each capture; one when there is none. */
function connectedCaptures({ sources }: CaptureFacts): readonly Finding[] {
  const check = 'capture';
  if (sources.length === 0) {
    const remedy = 'start `gluewall capture` with the capture.listen of this configuration, and see its log';
    return [{ check, ok: false, message: 'no capture has connected yet: nothing is learned', remedy }];
  }
  return sources.map(({ name, isConnected, interfaces, openInterfaces: open }) => {
    const remedy = 'see its log for the reason; it tries again by itself';
    if (!isConnected) return { check, ok: false, message: `${name} is gone: nothing is learned from it`, remedy };
    const closed = interfaces.filter((one) => !open.includes(one));
    if (closed.length === 0) return { check, ok: true, message: `${name} captures on ${open.join(', ')}` };
    return { check, ok: false, message: `${name} does not capture on ${closed.join(', ')}`, remedy };
  });
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

/** Clients ask for recursion, too: only where none but resolvers teach does it say something. */
function forwarding(facts: LearningFacts, { teach }: LearningWishes): readonly Finding[] {
  const seen = figure(facts, 'queries');
  const forRecursion = figure(facts, 'queries for recursion');
  if (teach !== 'resolvers' || seen < ENOUGH || forRecursion <= MAX_FOR_RECURSION * seen) return [];
  const message = `${forRecursion} of ${seen} queries of trusted resolvers ask for recursion: they forward to another resolver, whose answers name few name servers`;
  const remedy =
    'let them iterate from the root, or learn where the other one does; else allow it with `gluewall allow add`';
  return [{ check: 'forwarding', ok: false, message, remedy }];
}

/** Servers that answer the resolver although no referral has named them to it. */
function unknownResponders(facts: LearningFacts): readonly Finding[] {
  const refused = figure(facts, 'refused: responder is not known');
  if (refused < ENOUGH || refused < figure(facts, 'lessons')) return [];
  const message = `${refused} delegations came from servers that nobody was referred to: the resolver knew them before gluewall began, or has a root zone of its own (RFC 8806)`;
  const remedy =
    'empty the cache of the resolver once (unbound-control flush_zone . or rndc flush); with a local root zone switch that off, or import a history, or see teach in docs/configuration.md';
  return [{ check: 'unknown-servers', ok: null, message, remedy }];
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
