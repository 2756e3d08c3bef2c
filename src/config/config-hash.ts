import { createHash } from 'node:crypto';
import { composeConfig } from './compose.ts';
import type { Config } from './schema.ts';

/** So much of the digest is shown: enough to tell configurations apart, short enough to read out. */
const SHOWN_DIGITS = 12;

/** Who asks, and with what: user and password of a URL, and its query. */
const URL_SECRETS = /(?<=[a-z]:\/\/)[^/\s@"']*@|(?<=[a-z]:\/\/[^\s"'?]*)\?[^\s"']*/g;

/** A text without what stands in its URLs to prove who asks. */
export function withoutSecrets(text: string): string {
  return text.replace(URL_SECRETS, '');
}

/**
 * Equal for equal configurations, whatever their files look like: the first hexadecimal digits of the SHA-256 of the whole
 * configuration as JSON, without what stands in a URL to prove who asks. Passwords and keys are in files of their own.
 */
export function configHash(config: Config): string {
  const text = withoutSecrets(JSON.stringify(composeConfig(config)));
  return createHash('sha256').update(text).digest('hex').slice(0, SHOWN_DIGITS);
}
