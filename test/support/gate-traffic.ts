import type { GatedInternet } from '../../mininet/gated-internet.ts';
import { hosts } from '../../mininet/internet.ts';
import { until } from '../../mininet/until.ts';

/** A name server of the mini-Internet, with a name that it has. */
export interface Destination {
  readonly ipv4: string;
  readonly name: string;
}

export const CORP: Destination = { ipv4: hosts.corp.ipv4, name: 'www.corp.example' };
export const BANK: Destination = { ipv4: hosts.bank.ipv4, name: 'www.bank.test' };
export const FRESH: Destination = { ipv4: hosts.fresh.ipv4, name: 'www.fresh.test' };
export const EVIL: Destination = { ipv4: hosts.evil.ipv4, name: 'order.evil.test' };

const LEARNED_MS = 5000;

/** Whether a direct query of the client is answered. */
export async function passes({ internet }: GatedInternet, { ipv4, name }: Destination): Promise<boolean> {
  return (await internet.dig('client', { server: ipv4, name })).answered;
}

/** Has the trusted resolver ask for the name, from the root down. */
export async function resolve({ internet }: GatedInternet, { name }: Destination): Promise<void> {
  await internet.flushResolver();
  const question = { server: hosts.resolver.ipv4, name, timeoutSeconds: 5 };
  if (!(await internet.dig('client', question)).answered) throw new Error(`${name} is not resolved`);
}

/** The resolver asks, and gluewall learns of the server. */
export async function learn(world: GatedInternet, destination: Destination): Promise<void> {
  await resolve(world, destination);
  await until(`${destination.name} is learned`, LEARNED_MS, async () =>
    (await world.gluewall.lookup(destination.ipv4)).known ? true : undefined,
  );
}

/** What dnsperf prints at its end. */
export interface LoadResult {
  readonly sent: number;
  readonly lost: number;
}

/** Direct queries of the client to the server of corp.example, one after the other at an even pace, each given three seconds. */
export async function load({ internet }: GatedInternet, queries: number, perSecond: number): Promise<LoadResult> {
  const names = `for i in $(seq ${queries}); do echo "h$i.corp.example A"; done`;
  const script = `${names} | dnsperf -s ${CORP.ipv4} -Q ${perSecond} -t 3`;
  const { stdout } = await internet.run('client', ['sh', '-c', script], queries / perSecond + 30);
  const figure = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(stdout)?.[1] ?? Number.NaN);
  return { sent: figure('Queries sent'), lost: figure('Queries lost') };
}
