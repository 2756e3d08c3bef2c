import { z } from 'zod';
import { eveRecordSchema } from '../../src/events/eve-schema.ts';
import { eveFindingSchema } from '../../src/findings/eve-finding-schema.ts';
import { formatJson } from './format-json.ts';

/** docs/events/dns_verdict.schema.json, made from the schema of one line of eve.json. */
export function renderEveSchema(): string {
  return renderSchema('dns_verdict', eveRecordSchema);
}

/** docs/events/finding.schema.json, in the same way. */
export function renderEveFindingSchema(): string {
  return renderSchema('finding', eveFindingSchema);
}

function renderSchema(title: string, schema: z.ZodType): string {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12' });
  return formatJson({ $schema, title, ...rest });
}
