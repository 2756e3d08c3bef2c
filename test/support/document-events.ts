import { z } from 'zod';
import { eveRecordSchema } from '../../src/events/eve-schema.ts';
import { formatJson } from './format-json.ts';

/** docs/events/dns_verdict.schema.json, made from the schema of one line of eve.json. */
export function renderEveSchema(): string {
  const { $schema, ...rest } = z.toJSONSchema(eveRecordSchema, { target: 'draft-2020-12' });
  return formatJson({ $schema, title: 'dns_verdict', ...rest });
}
