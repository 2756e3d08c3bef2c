import type { Finding } from './finding.ts';

/** What asking a MariaDB store once has shown. */
export interface MariadbFacts {
  /** How it is named. */
  readonly place: string;
  /** The version of its tables, 0 for none yet; undefined when it could not be asked. */
  readonly schemaVersion: number | undefined;
  /** Why it could not be asked, with the remedy. */
  readonly problem: string | undefined;
  readonly isLocal: boolean;
  readonly hasTls: boolean;
  /** Octets that wait in the journal. */
  readonly journalBytes: number;
}

export function mariadbFindings(facts: MariadbFacts): readonly Finding[] {
  return [presence(facts), protection(facts), journal(facts)];
}

function presence({ place, schemaVersion, problem }: MariadbFacts): Finding {
  const check = 'store';
  if (problem !== undefined) return { check, ok: false, message: problem, remedy: 'gluewall store status asks again' };
  if (schemaVersion === 0)
    return { check, ok: true, message: `${place} has no tables yet: they are made at the start` };
  return { check, ok: true, message: `${place} answers, tables of version ${schemaVersion}` };
}

function protection({ isLocal, hasTls }: MariadbFacts): Finding {
  const check = 'store-tls';
  if (hasTls) return { check, ok: true, message: 'it is asked over TLS' };
  if (isLocal) return { check, ok: true, message: 'what is sent to it stays on this machine' };
  const message = 'history and events go over the network as they are';
  return { check, ok: false, message, remedy: 'store.tls: on, and store.ca_file where its authority is your own' };
}

function journal({ journalBytes }: MariadbFacts): Finding {
  const check = 'store-journal';
  if (journalBytes === 0) return { check, ok: true, message: 'nothing waits in the journal' };
  const message = `${journalBytes} octets wait in the journal until the database takes them`;
  return { check, ok: null, message, remedy: 'gluewall store status shows what keeps it' };
}
