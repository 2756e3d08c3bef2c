/** Who acts, and what each role may. */

/** Each may what those before it may. */
export const ROLES = ['viewer', 'analyst', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** For whom an operation is carried out. */
export interface Actor {
  /** A user's name, or `socket` for whoever can open the control socket. */
  readonly user: string;
  readonly role: Role;
  /** The address of the browser or program at the other end; `socket` for the control socket. */
  readonly from: string;
  /** The name of the token that acts for the user; undefined for the user himself. */
  readonly token: string | undefined;
}

/** Whoever can open the control socket (mode 0600) is the same Unix user, who could read and change all files anyway. */
export const SOCKET_ACTOR: Actor = { user: 'socket', role: 'admin', from: 'socket', token: undefined };

/** Names that no user may have: the record of changes says them of others. */
export const RESERVED_NAMES: readonly string[] = ['socket', 'sign-in', 'gluewall'];

export function mayAct(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
