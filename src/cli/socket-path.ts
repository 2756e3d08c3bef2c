import { join } from 'node:path';

/** Where the control socket is when nobody says otherwise. */
export function defaultSocketPath(): string {
  if (process.getuid?.() === 0) return '/run/gluewall.sock';
  return join(process.env.XDG_RUNTIME_DIR ?? '/tmp', `gluewall-${process.getuid?.() ?? 0}.sock`);
}
