/**
 * How often a traceback succeeds from end to end (paper 1, 5.1 and figure 13). A conventional one needs a probe in every router on
 * the way: p^hops. That by DNS logs needs the servers of the destination and of the source, and f forwarders between them, and a
 * bot that asks for its victim's name: p^(2+f)·q, however long the way of the packets is.
 */

/** What the figure is made of. */
export interface ModelQuestion {
  /** p: how likely one router, or one DNS server's operator, takes part; 0 to 1. */
  readonly participation: number;
  /** q: how likely a bot asks for the name before it attacks; 0 to 1, a curve for each. */
  readonly queryRates: readonly number[];
  /** f: forwarders between destination and source; a curve for each. */
  readonly forwarders: readonly number[];
  /** The longest way of packets, in routing hops; 1 at least. */
  readonly hops: number;
}

export interface SuccessCurve {
  readonly label: string;
  /** The success at 1, 2, 3 … hops. */
  readonly successes: readonly number[];
}

/** The curve of a traceback by DNS logs. */
export interface DnsLogCurve extends SuccessCurve {
  readonly queryRate: number;
  readonly forwarders: number;
  /** The least number of hops at which it succeeds more often than the conventional one; undefined: at none. */
  readonly betterFrom: number | undefined;
}

export interface SuccessFigure {
  readonly participation: number;
  readonly hops: number;
  readonly conventional: SuccessCurve;
  readonly dnsLogs: readonly DnsLogCurve[];
}

/** The mean length of ways in the Internet, in routing hops, that paper 1 reckons with. */
export const MEAN_HOPS = 15;

/** Of a query rate in a label. */
const LABEL_DIGITS = 4;

export function conventionalSuccess(participation: number, hops: number): number {
  return participation ** hops;
}

/** The ends of a way of one hop have one server: as many take part as there are at most. */
export function dnsLogSuccess(participation: number, queryRate: number, forwarders: number, hops: number): number {
  return participation ** Math.min(hops, 2 + forwarders) * queryRate;
}

export function successFigure({ participation, queryRates, forwarders, hops }: ModelQuestion): SuccessFigure {
  const lengths = Array.from({ length: hops }, (_, index) => index + 1);
  return {
    participation,
    hops,
    conventional: {
      label: 'conventional',
      successes: lengths.map((length) => conventionalSuccess(participation, length)),
    },
    dnsLogs: forwarders.flatMap((count) =>
      queryRates.map((queryRate) => ({
        label: `DNS logs, q = ${Number(queryRate.toPrecision(LABEL_DIGITS))}${count === 0 ? '' : `, f = ${count}`}`,
        queryRate,
        forwarders: count,
        successes: lengths.map((length) => dnsLogSuccess(participation, queryRate, count, length)),
        betterFrom: betterFrom(participation, queryRate, count),
      })),
    ),
  };
}

/** p^hops < p^(2+f)·q where hops > 2 + f + ln q / ln p. */
export function betterFrom(participation: number, queryRate: number, forwarders: number): number | undefined {
  if (participation === 0 || participation === 1 || queryRate === 0) return undefined;
  const crossing = 2 + forwarders + Math.log(queryRate) / Math.log(participation);
  const isBetter = (hops: number) =>
    dnsLogSuccess(participation, queryRate, forwarders, hops) > conventionalSuccess(participation, hops);
  const near = Math.floor(crossing);
  // A crossing at a whole number may come out a little below or above it.
  return [near, near + 1, near + 2].find((hops) => hops >= 1 && isBetter(hops));
}
