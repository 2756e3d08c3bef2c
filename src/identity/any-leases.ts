import { DnsmasqLeases } from './dnsmasq-leases.ts';
import { IscLeases } from './isc-leases.ts';
import { KeaLeases } from './kea-leases.ts';
import type { LeaseParser, LeaseReading } from './lease.ts';
import { LeaseCollector } from './lease-collector.ts';

const DNSMASQ = /^(?:\d+ |duid )/;
const KEA = /^address,/;
const ISC =
  /^\s*(?:#|\}|(?:lease|ia-na|ia-ta|ia-pd|server-duid|authoring-byte-order|failover|host|group|subgroup|class|subclass)(?:\s|$))/;

/** Beyond it a line is of none of them. */
const MAX_LINE_CHARACTERS = 4096;

/** A lease file of dnsmasq, ISC dhcpd or Kea, told by the first line that only one of them writes. */
export class AnyLeases implements LeaseParser {
  readonly #maxLeases: number;
  readonly #collector: LeaseCollector;
  #known: LeaseParser | undefined;
  /** What has come of a line, as long as it is not known whose it is. */
  #rest = '';
  #line = 1;
  #isEmpty = true;

  constructor(maxLeases: number) {
    this.#maxLeases = maxLeases;
    this.#collector = new LeaseCollector(maxLeases);
  }

  push(text: string): void {
    this.#isEmpty &&= text === '';
    if (this.#known !== undefined) this.#known.push(text);
    else this.#search(this.#rest + text);
  }

  finish(): LeaseReading {
    // A server that writes its file anew may have emptied it just now.
    if (this.#rest !== '' || this.#isEmpty) this.#collector.cut(undefined);
    const own = this.#collector.reading(false);
    const reading = this.#known?.finish();
    if (reading === undefined) return own;
    return {
      ...reading,
      hasUnknownRow: own.hasUnknownRow || reading.hasUnknownRow,
      badRows: own.badRows + reading.badRows,
      problems: [...own.problems, ...reading.problems],
    };
  }

  #search(text: string): void {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      const line = text.slice(start, end);
      this.#known = this.#parserFor(line);
      if (this.#known !== undefined) {
        this.#rest = '';
        this.#known.push(text.slice(start));
        return;
      }
      if (line.trim() !== '')
        this.#collector.bad(this.#line, 'is of no lease file of dnsmasq, ISC dhcpd or Kea', undefined);
      this.#line++;
      start = end + 1;
    }
    // Its beginning tells whose a line is; the rest of one without end is not kept.
    this.#rest = text.slice(start, start + MAX_LINE_CHARACTERS);
  }

  #parserFor(line: string): LeaseParser | undefined {
    if (DNSMASQ.test(line)) return new DnsmasqLeases(this.#maxLeases, this.#line);
    if (KEA.test(line)) return new KeaLeases(this.#maxLeases, this.#line);
    return ISC.test(line) ? new IscLeases(this.#maxLeases, this.#line) : undefined;
  }
}
