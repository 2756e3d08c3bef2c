/** The OpenAPI 3.1 document of all endpoints, with an example for each. */
import type { ApiApp } from '../api-app.ts';
import { SUBJECTS } from './common.ts';
import { type PlainSchema, sampleOf } from './sample-of.ts';

/** The major version of the API: the one of its paths. What is added does not change it. */
const API_VERSION = '1.0.0';
const ABOUT = `What the pages of the console do, and what programs may do. Answers are JSON, times ISO 8601 in UTC, addresses and names
text. Send a token as \`Authorization: Bearer gw_…\`; it acts for its user, with its own role at most. What goes wrong is a
problem document (RFC 9457) with a stable code.`;

interface Content {
  readonly schema?: PlainSchema;
  readonly example?: unknown;
}
interface Answer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description?: string }>>;
  readonly content?: Readonly<Record<string, Content>>;
}
export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: PlainSchema;
}
export interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, Answer>>;
}

/** An OpenAPI 3.1 document, as far as it is read here. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  /** By path, then by method in small letters. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, PlainSchema>> };
}

/** Of all that was added to the app until now. */
export function openApiDocument(api: ApiApp): OpenApiDocument {
  const made = api.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'gluewall console', version: API_VERSION, description: ABOUT },
    servers: [{ url: '/api/v1' }],
    tags: Object.entries(SUBJECTS).map(([name, description]) => ({ name, description })),
  });
  const document = JSON.parse(JSON.stringify(made)) as OpenApiDocument;
  const schemas = document.components.schemas;
  const paths = mapValues(document.paths, (operations) => mapValues(operations, (one) => withExamples(one, schemas)));
  const securitySchemes = {
    session: { type: 'apiKey', in: 'cookie', name: 'gluewall_session' },
    token: { type: 'http', scheme: 'bearer' },
  };
  return { ...document, paths, components: { ...document.components, ...{ securitySchemes } } };
}

function withExamples(operation: Operation, schemas: OpenApiDocument['components']['schemas']): Operation {
  const { requestBody, responses } = operation;
  const filled = (content: Readonly<Record<string, Content>>) => mapValues(content, (one) => withExample(one, schemas));
  return {
    ...operation,
    ...(requestBody === undefined ? {} : { requestBody: { ...requestBody, content: filled(requestBody.content) } }),
    responses: mapValues(responses, (answer, status) => {
      const isProblem = Number(status) >= 400;
      return answer.content === undefined || isProblem ? answer : { ...answer, content: filled(answer.content) };
    }),
  };
}

function withExample(content: Content, schemas: OpenApiDocument['components']['schemas']): Content {
  if (content.schema === undefined || content.example !== undefined) return content;
  return { ...content, example: sampleOf(content.schema, schemas) };
}

function mapValues<V, W>(values: Readonly<Record<string, V>>, map: (value: V, name: string) => W): Record<string, W> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value, name)]));
}
