/** The words spoken on the control socket: one JSON object a line, each request answered by one reply. */
import { z } from 'zod';
import { parseAddress } from '../core/address.ts';

const address = z.string().transform((text, context) => {
  const parsed = parseAddress(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: `"${text}" is no IPv4 or IPv6 address` });
  return z.NEVER;
});

export const controlRequest = z.discriminatedUnion('operation', [
  z.strictObject({ operation: z.literal('lookup'), address }),
  z.strictObject({ operation: z.literal('check'), address }),
  z.strictObject({ operation: z.literal('allow add'), address }),
  z.strictObject({ operation: z.literal('allow remove'), address }),
  z.strictObject({ operation: z.literal('status') }),
]);

/** A request as it travels: addresses as text. */
export type ControlRequest = z.input<typeof controlRequest>;
/** A request as the server reads it. */
export type ParsedRequest = z.output<typeof controlRequest>;

export type ControlReply =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } };

/** No line, and so no request, is longer. */
export const MAX_REQUEST_BYTES = 64 * 1024;
