import { canonicalName, type Name } from '../../dns/name.ts';
import { RECORD_CLASS } from '../../dns/registry.ts';
import type { LinePrefix } from '../line-prefix.ts';
import type { LogFormat, LogReader, ReaderParts, RecordOutcome } from '../log-reader.ts';
import { readClient, readPort, readServer } from '../peer-text.ts';
import { readPlainName } from '../plain-name.ts';
import { PrefixCache } from '../prefix-cache.ts';
import { readState, writeState } from '../reader-state.ts';
import { DnsmasqAnswers, type DnsmasqClaim } from './dnsmasq-answers.ts';
import {
  type DnsmasqCall,
  type DnsmasqWords,
  readFact,
  readTold,
  readType,
  readWords,
  reverseName,
  takeCall,
} from './dnsmasq-line.ts';

const GARBLED: RecordOutcome = { refused: 'a query that is cut or garbled' };
const NO_NAME: RecordOutcome = { refused: 'a query whose name dnsmasq does not print' };
const UNPRINTABLE = '<name unprintable>';
const OTHER_LINE: RecordOutcome = { refused: 'no line of dnsmasq' };
/** The process that writes, where the prefix ends: TCP has processes of its own. */
const PROCESS = /\[(\d{1,10})\]:? $/;
const PREFIX_CHARACTERS = 32;
/** What stands in front of a line on the standard error output. */
const BARE_PROGRAM = /(dnsmasq(?:-\w{1,16})?)(?:\[\d{1,10}\])?: /y;
const COMPLAINT = /^Maximum number of concurrent DNS queries/;

/**
 * Reads what dnsmasq writes with `log-queries`, `=extra` or `=proto`, also as Pi-hole has it: a query is told of in one line, and
 * each address and alias of the answer in one more. With `extra` lines say which query they are of. Without, they are of the
 * query for their name: what dnsmasq knows itself of the last one, what it was told by others of all that wait for it and ask for
 * such a type.
 *
 * The role is `recursive` where dnsmasq answered from what it has (its cache, hosts files, DHCP, configuration), `forwarded` where
 * it passed the query on, also if it had answered with something stale before, and `authoritative` for zones of `auth-zone`. What
 * a stale answer is refreshed with was not told to the client. Names stand in the log without octets that cannot be printed.
 */
class DnsmasqReader implements LogReader {
  readonly #parts: ReaderParts;
  readonly #prefixes: PrefixCache;
  readonly #answers: DnsmasqAnswers;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#prefixes = new PrefixCache(parts.time);
    this.#answers = new DnsmasqAnswers(parts.entries, parts.openRoom);
  }

  read(octets: Buffer, start: number, end: number): RecordOutcome {
    const line = octets.toString('latin1', start, end);
    const prefix = this.#prefixes.take(line);
    BARE_PROGRAM.lastIndex = 0;
    const bare = BARE_PROGRAM.exec(prefix.rest);
    const program = bare?.[1] ?? prefix.program;
    if (/^dnsmasq-/.test(program ?? '')) return 'other';
    const called = takeCall(bare === null ? prefix.rest : prefix.rest.slice(bare[0].length));
    const words = readWords(called.words);
    const process = PROCESS.exec(line.slice(0, line.length - prefix.rest.length).slice(-PREFIX_CHARACTERS))?.[1] ?? '';
    if (words.kind === 'query') return this.#query(words, called, process, prefix);
    const outcome = this.#more(words, called, process);
    const isUnknown = outcome === 'other' && program === undefined && words.kind === 'other';
    return isUnknown && !COMPLAINT.test(called.words) ? OTHER_LINE : outcome;
  }

  settle(): void {
    this.#answers.settle();
  }

  state(): string {
    return writeState(this.#answers.state());
  }

  resume(state: string): void {
    this.#answers.resume(readState(state));
  }

  #query(
    words: DnsmasqWords & { readonly kind: 'query' },
    called: DnsmasqCall,
    process: string,
    prefix: LinePrefix,
  ): RecordOutcome {
    if (words.name === UNPRINTABLE) {
      this.#answers.close();
      return NO_NAME;
    }
    const name = readPlainName(words.name);
    const type = readType(words.type);
    const client = readClient(words.client, this.#parts);
    if (name === undefined || type === undefined || client === undefined) return GARBLED;
    const atMs = prefix.atMs ?? this.#parts.time.unsaid();
    if (typeof atMs === 'string') return { refused: atMs };
    const key = this.#callKey(called, process) ?? nameKey(process, name);
    this.#answers.query(key, {
      atMs,
      name,
      type,
      class: RECORD_CLASS.IN,
      client,
      clientPort: readPort(called.clientPort ?? ''),
      server: this.#parts.server,
      role: words.isAuth ? 'authoritative' : 'recursive',
      responseCode: undefined,
      answers: [],
      mark: undefined,
    });
    return 'taken';
  }

  #more(words: DnsmasqWords, called: DnsmasqCall, process: string): RecordOutcome {
    const callKey = this.#callKey(called, process);
    if (words.kind === 'forwarded') {
      const name = callKey === undefined ? readPlainName(words.name) : undefined;
      const key = callKey ?? (name === undefined ? undefined : nameKey(process, name));
      return key !== undefined && this.#answers.forwarded(key) ? 'taken' : 'other';
    }
    if (words.kind !== 'fact') {
      this.#answers.close();
      return 'other';
    }
    const { told, isLocal } = words;
    if (callKey !== undefined && told === 'query is duplicate') {
      return this.#answers.duplicate(callKey) ? 'taken' : 'other';
    }
    const error = callKey === undefined && told.startsWith('error is ') ? readFact(told.slice(9)) : undefined;
    if (error !== undefined && error.type === undefined && !error.isText) {
      return this.#answers.error(error.responseCode, isLocal) ? 'taken' : 'other';
    }
    const claims = callKey === undefined ? claimsOf(told, process) : claimsOfCall(told, callKey);
    return this.#answers.fact(claims, isLocal, callKey !== undefined) ? 'taken' : 'other';
  }

  /** Undefined when the line does not say of which query it is. */
  #callKey({ call, client, clientPort }: DnsmasqCall, process: string): string | undefined {
    if (call === undefined) return undefined;
    const from = client === undefined ? undefined : readClient(client, this.#parts);
    return `call ${process} ${call} ${from} ${clientPort}`;
  }
}

/** What a line may say of a query that the line names by number: the longest name is the one that is meant. */
function claimsOfCall(told: string, key: string): DnsmasqClaim[] {
  const way = readTold(told).at(-1);
  const fact = way === undefined ? undefined : readFact(way.value);
  return fact === undefined ? [] : [{ keys: [key], subject: way!.subject, fact }];
}

function claimsOf(told: string, process: string): DnsmasqClaim[] {
  return readTold(told).flatMap(({ subject, value }) => {
    const fact = readFact(value);
    if (fact === undefined) return [];
    const names = [readPlainName(subject), reversed(subject)];
    const keys = names.filter((name) => name !== undefined).map((name) => nameKey(process, name));
    return [{ keys, subject, fact }];
  });
}

/** The name that is asked for by whoever looks for the name of an address. */
function reversed(text: string): Name | undefined {
  const address = readServer(text);
  return address === undefined ? undefined : reverseName(address);
}

function nameKey(process: string, name: Name): string {
  return `name ${process} ${canonicalName(name)}`;
}

export const dnsmasqFormat: LogFormat = {
  name: 'dnsmasq',
  title: 'dnsmasq and Pi-hole: log-queries, also =extra and =proto',
  framing: 'lines',
  create: (parts) => new DnsmasqReader(parts),
};
