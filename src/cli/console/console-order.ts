import { DEFAULT_CONSOLE } from '../../config/console-keys.ts';
import { plainConsoleProblem } from '../../config/console-problems.ts';
import { listenAddress } from '../../config/fields.ts';
import type { Config } from '../../config/schema.ts';
import type { ConsoleOptions } from '../../console/console.ts';
import { GluewallError } from '../../core/errors.ts';
import { readPrivateFile } from '../../core/private-file.ts';
import { loadServerKeys } from '../../core/tls-settings.ts';

/** What the thread of the console is told; can be cloned. Holds secrets: never to be logged. */
export type ConsoleOrder = Omit<ConsoleOptions, 'pageFolder'>;

const SECRET_REMEDY = 'put the secret that the provider gave this console into it, mode 0600';

/** `--console HOST:PORT` instead of `console.listen`. Throws GluewallError `usage` or `config`. */
export function withConsole(config: Config, place: string | undefined): Config {
  if (place === undefined) return config;
  const listen = listenAddress.safeDecode(place).data;
  if (listen === undefined) {
    throw new GluewallError('usage', `--console ${place}: want HOST:PORT, such as 127.0.0.1:${DEFAULT_CONSOLE.port}`);
  }
  const problem = plainConsoleProblem(listen, config.console.tls);
  if (problem !== undefined) throw new GluewallError('config', `--console: ${problem}`);
  return { ...config, console: { ...config.console, listen } };
}

/** Undefined where there is to be no console. Throws GluewallError `tls-files` or `oidc-secret`. */
export function consoleOrder(
  { console: keys }: Config,
  socketPath: string,
  version: string,
  nowMs: number,
): ConsoleOrder | undefined {
  const { listen, tls, public_url, oidc } = keys;
  if (listen === undefined) return undefined;
  return {
    listen,
    publicOrigin: public_url === undefined ? undefined : new URL(public_url).origin,
    keys: tls === undefined ? undefined : loadServerKeys(tls, nowMs, 'console.tls'),
    oidc: oidc === undefined ? undefined : oidcOptions(oidc),
    socketPath,
    version,
  };
}

function oidcOptions(oidc: NonNullable<Config['console']['oidc']>): NonNullable<ConsoleOptions['oidc']> {
  const { issuer, client_id, client_secret_file, name_claim, role_claim, roles, label } = oidc;
  const clientSecret = readPrivateFile(client_secret_file, 'oidc-secret', SECRET_REMEDY).trim();
  if (clientSecret === '') throw new GluewallError('oidc-secret', `${client_secret_file}: is empty: ${SECRET_REMEDY}`);
  return { issuer, clientId: client_id, clientSecret, nameClaim: name_claim, roleClaim: role_claim, roles, label };
}
