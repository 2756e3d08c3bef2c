/** Events of MISP in its JSON format (https://www.misp-standard.org/rfc/misp-standard-core.html). */
import { type Entry, parseEntry, quote, type Reach } from './entry.ts';
import { asList, asObject, asText, parseJson } from './json-text.ts';
import { type Finding, type ListTimes, TIMELESS } from './list-finding.ts';

/** What the value of a type is, and what stands behind the `|` in it. */
interface AttributeForm {
  readonly kind: Entry['kind'];
  readonly reach?: Reach;
  readonly second?: 'address' | 'port';
}

/** The types that name a place which queries may go to, or a name that they may be about. `ip-src` is where others attack from. */
const FORMS: ReadonlyMap<string, AttributeForm> = new Map<string, AttributeForm>([
  ['ip-dst', { kind: 'network' }],
  ['ip-dst|port', { kind: 'network', second: 'port' }],
  ['domain', { kind: 'name', reach: 'zone' }],
  ['domain|ip', { kind: 'name', reach: 'zone', second: 'address' }],
  ['hostname', { kind: 'name', reach: 'exact' }],
  ['hostname|port', { kind: 'name', reach: 'exact', second: 'port' }],
]);
/** Kinds of what is unused that are told apart. */
const MAX_KINDS = 64;
const KIND = /^[\w|.-]{1,40}$/;

type Attribute = Readonly<Record<string, unknown>>;

/**
 * Reads an event, a list of events, or what MISP's REST search gives of events or attributes. Only attributes that MISP means for
 * detection (`to_ids`) and that are not deleted count.
 */
export function* readMispList(octets: Buffer): Generator<Finding, ListTimes> {
  const parsed = parseJson(octets);
  if ('problem' in parsed) {
    yield { kind: 'refused', problem: parsed.problem };
    return TIMELESS;
  }
  const holders = holdersOf(parsed.value);
  if (holders.length === 0)
    yield { kind: 'refused', problem: 'is no MISP event: there is no "Event" and no "Attribute" in it' };
  const kinds = new Set<string>();
  for (const holder of holders) {
    for (const [index, attribute] of attributesOf(holder)) yield* findingsOf(attribute, index, kinds);
  }
  return TIMELESS;
}

/** What has attributes: events, or the answer to a search for attributes. */
function holdersOf(value: unknown): Attribute[] {
  const outer = asObject(value);
  const response = outer?.response ?? value;
  const candidates = Array.isArray(response) ? asList(response) : [response];
  return candidates.flatMap((candidate) => {
    const object = asObject(candidate);
    const holder = asObject(object?.Event) ?? object;
    return holder !== undefined && (Array.isArray(holder.Attribute) || holder === object?.Event) ? [holder] : [];
  });
}

function* attributesOf(holder: Attribute): Generator<readonly [string, Attribute], void> {
  for (const owner of [holder, ...asList(holder.Object)]) {
    for (const [index, attribute] of asList(asObject(owner)?.Attribute).entries()) {
      const object = asObject(attribute);
      const name = asText(object?.uuid)?.slice(0, 40);
      yield [name === undefined ? `attribute ${index + 1}` : `attribute ${name}`, object ?? {}];
    }
  }
}

function* findingsOf(attribute: Attribute, at: string, kinds: Set<string>): Generator<Finding, void> {
  const { type, value, deleted, to_ids: toIds } = attribute;
  const text = asText(value);
  if (typeof type !== 'string' || text === undefined) {
    yield { kind: 'bad', at, problem: 'has no "type" and "value"' };
    return;
  }
  const form = FORMS.get(type);
  if (isTrue(deleted)) yield { kind: 'unused', what: 'deleted' };
  else if (form === undefined) yield { kind: 'unused', what: kindOf(type, kinds) };
  else if (!isTrue(toIds)) yield { kind: 'unused', what: 'not meant for detection' };
  else yield* valuesOf(form, text, at);
}

function isTrue(value: unknown): boolean {
  return value === true || value === 1 || value === '1';
}

function kindOf(type: string, kinds: Set<string>): string {
  const isShown = KIND.test(type) && (kinds.has(type) || kinds.size < MAX_KINDS);
  if (isShown) kinds.add(type);
  return isShown ? type : 'other types';
}

function* valuesOf({ kind, reach, second }: AttributeForm, text: string, at: string): Generator<Finding, void> {
  const [value = '', behind, ...more] = text.trim().split('|');
  if ((second !== undefined) !== (behind !== undefined) || more.length > 0) {
    yield { kind: 'bad', at, problem: `${quote(text)} has not the parts that its type wants` };
    return;
  }
  yield findingOf(value, kind, reach, at);
  if (second === 'address' && behind !== undefined) yield findingOf(behind, 'network', undefined, at);
}

function findingOf(text: string, wanted: Entry['kind'], reach: Reach | undefined, at: string): Finding {
  const entry = parseEntry(text);
  if (typeof entry === 'string') return { kind: 'bad', at, problem: entry };
  if (entry.kind !== wanted) {
    const problem = `${quote(text)} is no ${wanted === 'network' ? 'address' : 'domain name'}, as its type says`;
    return { kind: 'bad', at, problem };
  }
  const reached = entry.kind === 'name' && reach !== undefined ? { ...entry, reach } : entry;
  return { kind: 'entry', entry: reached, passes: false, at };
}
