import { join } from 'node:path';
import { GluewallError } from '../core/errors.ts';

/** Where the control socket is when nobody says otherwise. Throws GluewallError `control-socket` where there is no safe place. */
export function defaultSocketPath(): string {
  if (process.getuid?.() === 0) return '/run/gluewall.sock';
  const directory = process.env.XDG_RUNTIME_DIR;
  if (directory !== undefined) return join(directory, 'gluewall.sock');
  // In a folder that all may write, another could wait under the name.
  throw new GluewallError('control-socket', 'no $XDG_RUNTIME_DIR: name a socket with --socket or control.socket');
}
