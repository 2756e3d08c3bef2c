/** Who is signed in. */
import { type ApiProblem, get, send, whenRefused } from '../api/client.ts';
import { asProblem } from '../api/use-loaded.ts';
import { Shared, useShared } from './shared.ts';

/** Each may what those before may. */
const ROLES = ['viewer', 'analyst', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface Session {
  /** Null, as are the times, for who comes with a token. */
  readonly id: string | null;
  readonly user: string;
  readonly role: Role;
  readonly origin: 'local' | 'oidc';
  readonly started: string | null;
  readonly ends: string | null;
  readonly idleEnds: string | null;
  /** Of the gluewall that answers. */
  readonly version: string;
}

/** What a sign-in page needs to know. */
export interface SignInFacts {
  /** Whether there is no admin yet. */
  readonly setupNeeded: boolean;
  /** The other server to sign in with, if there is one. */
  readonly oidc: { readonly label: string } | undefined;
  /** Whether somebody was signed in until now. */
  readonly hasEnded: boolean;
}

export type Access =
  | { readonly state: 'asking' }
  | ({ readonly state: 'signed-out' } & SignInFacts)
  | { readonly state: 'unknown'; readonly problem: ApiProblem }
  | { readonly state: 'signed-in'; readonly session: Session };

const access = new Shared<Access>({ state: 'asking' });

whenRefused(() => {
  if (access.value.state === 'signed-in') void loadSession();
});

export function useAccess(): Access {
  return useShared(access);
}

/** Only for pages of those who are signed in. */
export function useSession(): Session {
  return sessionOf(useShared(access));
}

/** Whether who is signed in may do what needs this role. */
export function may(role: Role): boolean {
  const { value } = access;
  return value.state === 'signed-in' && ROLES.indexOf(value.session.role) >= ROLES.indexOf(role);
}

/** Asks who is signed in; call it after signing in, too. */
export async function loadSession(): Promise<void> {
  try {
    access.set({ state: 'signed-in', session: await get<Session>('/session') });
  } catch (error) {
    const problem = asProblem(error);
    // Who is signed in stays so while the console cannot be reached.
    if (problem.status !== 401 && access.value.state !== 'signed-in') access.set({ state: 'unknown', problem });
    if (problem.status === 401) noteSignedOut(problem);
  }
}

export async function signOut(): Promise<void> {
  await send('DELETE', '/session');
  access.set({ state: 'asking' });
  await loadSession();
}

/** The refusal of GET /session says what a sign-in page needs to know. */
function noteSignedOut(problem: ApiProblem): void {
  const { value } = access;
  const hasEnded = value.state === 'signed-in' || (value.state === 'signed-out' && value.hasEnded);
  const { setupNeeded, oidc } = problem.document;
  access.set({ state: 'signed-out', setupNeeded: setupNeeded === true, oidc: labelled(oidc), hasEnded });
}

function labelled(oidc: unknown): SignInFacts['oidc'] {
  const label = typeof oidc === 'object' && oidc !== null && 'label' in oidc ? oidc.label : undefined;
  return typeof label === 'string' ? { label } : undefined;
}

function sessionOf(value: Access): Session {
  if (value.state === 'signed-in') return value.session;
  throw new Error('nobody is signed in');
}
