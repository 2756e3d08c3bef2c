import { z } from 'zod';
import { nodeAnswer, nodeRequest } from './messages.ts';
import { PROBLEMS, problemUri } from './problem.ts';

/** What nodes say to each other, as JSON Schema (draft 2020-12): served at /v1/schema, and docs/traceback.schema.json. */
export function publishedSchema(): object {
  const problem = z.strictObject({
    type: z.enum(problemUris()),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
  });
  const parts = { request: nodeRequest, answer: nodeAnswer, problem };
  const definitions = Object.entries(parts).map(([name, schema]) => {
    const { $schema: _, ...definition } = z.toJSONSchema(schema, { io: 'input' });
    return [name, definition];
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'what traceback nodes say to each other',
    description: 'POST a request to /v1/ and its kind; the answer, or a problem document (RFC 9457), comes back',
    anyOf: Object.keys(parts).map((name) => ({ $ref: `#/$defs/${name}` })),
    $defs: Object.fromEntries(definitions),
  };
}

function problemUris(): string[] {
  return (Object.keys(PROBLEMS) as (keyof typeof PROBLEMS)[]).map(problemUri);
}
