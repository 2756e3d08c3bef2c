import type { Contradiction } from './contradictions.ts';
import { isLoopback } from './plain-places.ts';
import type { Config } from './schema.ts';

/** How to have TLS. */
const REMEDY =
  'set console.tls to files of your own (`gluewall pki init --node NAME` makes them for a lab), or listen on loopback behind a proxy';

/** Why a console must not listen there without TLS: passwords would be for all to read; undefined when it may. */
export function plainConsoleProblem(
  listen: { readonly host: string } | undefined,
  tls: Config['console']['tls'],
): string | undefined {
  if (listen === undefined || tls !== undefined || isLoopback(listen.host)) return undefined;
  return `console.listen on ${listen.host}: plain HTTP, by which passwords can be read on the way, stays on loopback; ${REMEDY}`;
}

/** Keys below `console` that do not go together. */
export function consoleProblems({ console: keys }: Config): readonly Contradiction[] {
  const { listen, tls, session, oidc, public_url } = keys;
  const problems: Contradiction[] = [];
  const say = (path: readonly string[], problem: string) => problems.push({ path: ['console', ...path], problem });
  const plain = plainConsoleProblem(listen, tls);
  if (plain !== undefined) say(['listen'], plain);
  if (session.idle > session.absolute) {
    say(['session', 'idle'], 'console.session.idle is above console.session.absolute, by which sessions end anyway');
  }
  if (tls !== undefined && public_url?.startsWith('http:') === true) {
    say(['public_url'], 'console.public_url is http, and with console.tls the console is reached by https alone');
  }
  if (oidc !== undefined && Object.values(oidc.roles).every((values) => values.length === 0)) {
    say(['oidc', 'roles'], 'console.oidc.roles: nobody gets a role, so nobody comes in: name values of role_claim');
  }
  return problems;
}
