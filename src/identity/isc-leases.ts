import { type Address, parseAddress } from '../core/address.ts';
import { parseMac } from '../core/mac-address.ts';
import { hexOctets, macOfDuid } from './duid.ts';
import { hostnameFrom } from './hostname.ts';
import { IscStatements, type IscWord } from './isc-statements.ts';
import type { LeaseParser, LeaseReading } from './lease.ts';
import { LeaseCollector } from './lease-collector.ts';

/** Blocks within blocks, beyond which only their number is kept. */
const MAX_DEPTH = 16;
const IAID_OCTETS = 4;

/** What stands in the braces of `lease ADDRESS` and `iaaddr ADDRESS`, as far as it was read. */
interface LeaseBlock {
  readonly kind: 'lease';
  readonly line: number;
  readonly address: Address;
  readonly duidMac: number | undefined;
  mac: number | undefined;
  clientHostname: string | undefined;
  ddnsName: string | undefined;
  expiresAtMs: number | undefined;
  isActive: boolean;
  problem: string | undefined;
}

/** `ia-na` and `ia-ta`. */
interface AssociationBlock {
  readonly kind: 'association';
  readonly line: number;
  readonly duidMac: number | undefined;
}

interface OtherBlock {
  readonly kind: 'other';
}

type Block = LeaseBlock | AssociationBlock | OtherBlock;

const OTHER: OtherBlock = { kind: 'other' };

/**
 * The lease files of ISC dhcpd (dhcpd.leases(5)), IPv4 and IPv6: a journal in which the last declaration of an address
 * counts. dhcpd writes it anew from time to time, with all that it knows: what is not in it is over.
 *
 *     lease ADDRESS { ends DATE; binding state active; hardware ethernet MAC; client-hostname "NAME"; … }
 *     ia-na "IAID and DUID" { iaaddr ADDRESS { ends DATE; binding state active; … } }
 *
 * DATE: `never`, `epoch SECONDS` or `WEEKDAY YEAR/MONTH/DAY HOUR:MINUTE:SECOND` in UTC.
 */
export class IscLeases implements LeaseParser {
  readonly #collector: LeaseCollector;
  readonly #statements: IscStatements;
  readonly #blocks: Block[] = [];
  #tooDeep = 0;

  constructor(maxLeases: number, firstLine: number) {
    this.#collector = new LeaseCollector(maxLeases);
    this.#statements = new IscStatements(firstLine, {
      statement: (words, opensBlock, line, problem) => this.#statement(words, opensBlock, line, problem),
      close: (line) => this.#close(line),
    });
  }

  push(text: string): void {
    this.#statements.push(text);
  }

  finish(): LeaseReading {
    if (this.#statements.isCut || this.#blocks.length > 0) this.#collector.cut(undefined);
    for (const block of this.#blocks) if (block.kind === 'lease') this.#collector.cut(block.address);
    return this.#collector.reading(false);
  }

  #statement(words: readonly IscWord[], opensBlock: boolean, line: number, problem: string | undefined): void {
    if (opensBlock) {
      this.#open(words, line, problem);
      return;
    }
    const block = this.#blocks.at(-1);
    if (block?.kind === 'lease' && this.#tooDeep === 0) {
      block.problem ??= problem ?? readStatement(block, words);
    } else if (problem !== undefined) {
      this.#collector.bad(line, problem, undefined);
    }
  }

  #open(words: readonly IscWord[], line: number, problem: string | undefined): void {
    const keyword = words[0]?.text;
    // They stand at the top: what has not ended before them never will.
    if (keyword === 'lease' || keyword === 'ia-na' || keyword === 'ia-ta' || keyword === 'ia-pd') this.#abandon();
    if (this.#blocks.length >= MAX_DEPTH) {
      this.#tooDeep++;
      return;
    }
    const block = this.#blockOf(words, line);
    if (typeof block !== 'string' && problem === undefined) {
      this.#blocks.push(block);
      return;
    }
    this.#collector.bad(line, problem ?? String(block), parseAddress(words[1]?.text ?? ''));
    this.#blocks.push(OTHER);
  }

  /** The block that these words open, or what is wrong with them. */
  #blockOf(words: readonly IscWord[], line: number): Block | string {
    const keyword = words[0]?.text;
    const outer = this.#blocks.at(-1);
    if (keyword === 'ia-na' || keyword === 'ia-ta') {
      const id = words[1] === undefined ? undefined : idOctets(words[1]);
      if (id === undefined) return `has no identifier behind ${keyword}`;
      return { kind: 'association', line, duidMac: macOfDuid(id.subarray(IAID_OCTETS)) };
    }
    const isLease = keyword === 'lease' || (keyword === 'iaaddr' && outer?.kind === 'association');
    if (!isLease) return OTHER;
    const address = parseAddress(words[1]?.text ?? '');
    if (address === undefined) return `has no IP address behind ${keyword}`;
    return {
      kind: 'lease',
      line,
      address,
      duidMac: outer?.kind === 'association' ? outer.duidMac : undefined,
      mac: undefined,
      clientHostname: undefined,
      ddnsName: undefined,
      expiresAtMs: undefined,
      // What versions before 3.0 wrote has no state.
      isActive: true,
      problem: undefined,
    };
  }

  #close(line: number): void {
    if (this.#tooDeep > 0) {
      this.#tooDeep--;
      return;
    }
    const block = this.#blocks.pop();
    if (block === undefined) this.#collector.bad(line, 'closes a brace that none opened', undefined);
    else if (block.kind === 'lease') this.#keep(block);
  }

  #keep(block: LeaseBlock): void {
    const { address, mac, duidMac, expiresAtMs, clientHostname, ddnsName } = block;
    if (block.problem !== undefined) this.#collector.bad(block.line, block.problem, address);
    else if (!block.isActive) this.#collector.end(address);
    else if (expiresAtMs === undefined)
      this.#collector.bad(block.line, 'is a lease that does not say its end', address);
    else this.#collector.put({ address, mac, duidMac, hostname: clientHostname ?? ddnsName, expiresAtMs });
  }

  #abandon(): void {
    const [outermost] = this.#blocks;
    if (outermost === undefined) return;
    const leases = this.#blocks.filter((block) => block.kind === 'lease');
    for (const { line, address } of leases) this.#collector.bad(line, 'has a brace that nothing closes', address);
    if (leases.length === 0) {
      const line = outermost.kind === 'association' ? outermost.line : 1;
      this.#collector.bad(line, 'has a brace that nothing closes', undefined);
    }
    this.#blocks.length = 0;
    this.#tooDeep = 0;
  }
}

/** Takes up one statement of a lease; what is wrong with it, if something is. */
function readStatement(block: LeaseBlock, words: readonly IscWord[]): string | undefined {
  const [first, second, third, fourth] = words.map(({ text }) => text);
  switch (first) {
    case 'ends':
      block.expiresAtMs = instantOf(words.slice(1).map(({ text }) => text));
      return block.expiresAtMs === undefined ? 'has no date behind ends' : undefined;
    case 'binding':
      block.isActive = third === 'active';
      return second === 'state' && third !== undefined ? undefined : 'has no state behind binding state';
    case 'abandoned':
      block.isActive = false;
      return undefined;
    case 'hardware':
      block.mac = second === 'ethernet' ? parseMac(third ?? '') : undefined;
      return second === 'ethernet' && block.mac === undefined
        ? 'has no MAC address behind hardware ethernet'
        : undefined;
    case 'client-hostname':
      block.clientHostname = hostnameFrom(second ?? '');
      return undefined;
    case 'set':
      if (second === 'ddns-fwd-name') block.ddnsName = hostnameFrom(fourth ?? '');
      return undefined;
    default:
      return undefined;
  }
}

function instantOf(words: readonly string[]): number | undefined {
  if (words[0] === 'never') return Number.POSITIVE_INFINITY;
  if (words[0] === 'epoch') return /^\d{1,11}$/.test(words[1] ?? '') ? Number(words[1]) * 1000 : undefined;
  const match = /^\d (\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(words.join(' '));
  if (match === null) return undefined;
  const [year = 0, month = 0, ...rest] = match.slice(1).map(Number);
  const atMs = Date.UTC(year, month - 1, ...rest);
  // A day that no month has moves into the next.
  return new Date(atMs).getUTCMonth() === month - 1 ? atMs : undefined;
}

/** Octets as they are quoted, or in hex with `lease-id-format hex`. */
function idOctets({ text, isQuoted }: IscWord): Buffer | undefined {
  return isQuoted ? Buffer.from(text, 'latin1') : hexOctets(text);
}
