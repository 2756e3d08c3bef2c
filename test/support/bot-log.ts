/** The log of a resolver (Unbound, `log-replies`) of a site where some hosts are bots of one net. */

export interface BotLogOptions {
  /** The last line is of this time, milliseconds since the epoch. */
  readonly untilMs: number;
  readonly bots: readonly string[];
  readonly others: readonly string[];
  /** The name of their C&C. */
  readonly command: string;
  readonly minutes?: number;
}

const POPULAR = ['www.example.com', 'cdn.example.net', 'mail.example.org', 'news.example'];

/** Numbers that look random and are the same each time. */
function drawFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * Lines in the order of time. Each minute a bot asks for its C&C, and for a name drawn by lot that nobody has; everybody asks for popular
 * names now and then.
 */
export function botLog({ untilMs, bots, others, command, minutes = 120 }: BotLogOptions): string {
  const draw = drawFrom(7);
  const lines: (readonly [atMs: number, host: string, name: string, code: string])[] = [];
  const letters = 'bcdfghjklmnpqrstvwxz';
  const word = (length: number) => Array.from({ length }, () => letters[draw(letters.length)]).join('');
  for (let minute = minutes; minute > 0; minute--) {
    const atMs = untilMs - minute * 60_000;
    for (const bot of bots) {
      lines.push([atMs + draw(900), bot, command, 'NOERROR']);
      for (let count = 0; count < 3; count++)
        lines.push([atMs + 1000 + draw(50_000), bot, `${word(14)}.example`, 'NXDOMAIN']);
    }
    for (const host of [...bots, ...others]) {
      if (draw(3) === 0) lines.push([atMs + draw(59_000), host, POPULAR[draw(POPULAR.length)]!, 'NOERROR']);
    }
  }
  return lines
    .sort(([a], [b]) => a - b)
    .map(([atMs, host, name, code]) => {
      const time = Math.floor(atMs / 1000);
      return `[${time}] unbound[812:0] info: ${host} ${name}. A IN ${code} 0.021000 0 61\n`;
    })
    .join('');
}
