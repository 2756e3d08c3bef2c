import { ROOT } from '../dns/name.ts';
import type { Contradiction } from './contradictions.ts';
import { captureInterfaces } from './effective.ts';
import type { Config } from './schema.ts';

/** Keys below `behaviour`, and the zones of the site, that do not go together. */
export function behaviourProblems(config: Config): readonly Contradiction[] {
  const { behaviour, inside, dnstap } = config;
  const { interfaces } = behaviour.client_side;
  const problems: Contradiction[] = [];
  const say = (path: readonly PropertyKey[], problem: string) => problems.push({ path, problem });
  const ofClients = ['behaviour', 'client_side'];
  if (interfaces.length > 0 && inside.networks.length === 0) {
    say(
      [...ofClients, 'interfaces'],
      'behaviour.client_side.interfaces needs inside.networks, else nobody can tell clients from servers',
    );
  }
  const captured = new Set(captureInterfaces(config));
  for (const [index, name] of interfaces.entries()) {
    if (interfaces.indexOf(name) !== index) {
      say([...ofClients, 'interfaces', index], `behaviour.client_side.interfaces: ${name} is there already`);
    }
    if (!captured.has(name)) continue;
    const problem = `behaviour.client_side.interfaces: ${name} is captured already, on the side of the Internet: name one between clients and their resolver`;
    say([...ofClients, 'interfaces', index], problem);
  }
  if (behaviour.client_side.dnstap && dnstap.listen === undefined) {
    say([...ofClients, 'dnstap'], 'behaviour.client_side.dnstap needs dnstap.listen, where resolvers write');
  }
  for (const [index, { address }] of behaviour.mail_servers.entries()) {
    if (behaviour.mail_servers.findIndex((other) => other.address === address) === index) continue;
    say(['behaviour', 'mail_servers', index, 'address'], 'behaviour.mail_servers: this one is there already');
  }
  const root = inside.zones.indexOf(ROOT);
  if (root >= 0) say(['inside', 'zones', root], 'inside.zones: `.` is everybody’s: name the zones that are yours');
  return problems;
}
