/** Questions for `dig` and what it answered. */

export interface DigQuestion {
  /** The address asked. */
  readonly server: string;
  readonly name: string;
  readonly type?: string;
  readonly tcp?: boolean;
  /** How often it is asked; 1 when left out. */
  readonly tries?: number;
  /** How long each try waits; 1 when left out. */
  readonly timeoutSeconds?: number;
  /** Further arguments, as `+norecurse`. */
  readonly options?: readonly string[];
}

/** What came back. Without an answer the lists are empty and the rest is undefined. */
export interface DigAnswer {
  readonly answered: boolean;
  /** As `NOERROR` or `NXDOMAIN`. */
  readonly rcode: string | undefined;
  /** As `qr`, `aa`, `ra`. */
  readonly flags: readonly string[];
  /** The data of each record in the answer section. */
  readonly answers: readonly string[];
  /** The data of each record in the authority section. */
  readonly authority: readonly string[];
  /** The data of each record in the additional section, without the EDNS pseudo-record. */
  readonly additional: readonly string[];
  /** The TTL of each record in all three sections, in their order. */
  readonly ttlsSeconds: readonly number[];
  readonly queryTimeMs: number | undefined;
}

/** The command line that asks a question. */
export function digArguments(question: DigQuestion): string[] {
  return [
    'dig',
    `@${question.server}`,
    '-q',
    question.name,
    '-t',
    question.type ?? 'A',
    `+tries=${question.tries ?? 1}`,
    `+time=${question.timeoutSeconds ?? 1}`,
    question.tcp === true ? '+tcp' : '+notcp',
    '+nosearch',
    ...(question.options ?? []),
  ];
}

/** Reads dig's exit status and output. */
export function readDig(status: number, output: string): DigAnswer {
  const rcode = /status: ([A-Z0-9]+)/.exec(output)?.[1];
  const time = /Query time: (\d+) msec/.exec(output)?.[1];
  const [answers, authority, additional] = ['ANSWER', 'AUTHORITY', 'ADDITIONAL'].map((name) => section(output, name));
  const data = (lines: readonly string[][] = []) => lines.map((fields) => fields.slice(4).join(' '));
  return {
    answered: status === 0 && rcode !== undefined,
    rcode,
    flags: /^;; flags: ([a-z ]*);/m.exec(output)?.[1]?.split(' ') ?? [],
    answers: data(answers),
    authority: data(authority),
    additional: data(additional),
    ttlsSeconds: [answers, authority, additional].flatMap((lines = []) => lines.map((fields) => Number(fields[1]))),
    queryTimeMs: time === undefined ? undefined : Number(time),
  };
}

/** The records of one section, each cut into owner, TTL, class, type and data. */
function section(output: string, name: string): string[][] {
  const lines = output.split('\n');
  const start = lines.indexOf(`;; ${name} SECTION:`);
  if (start < 0) return [];
  const records: string[][] = [];
  for (const line of lines.slice(start + 1)) {
    if (line === '' || line.startsWith(';')) break;
    records.push(line.split(/\s+/));
  }
  return records;
}
