import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { navigate, useRoute, withQuery } from '../../frame/route.ts';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';

/** By what changes are looked for; the URL has them by these names. */
export const FILTER_FIELDS = ['by', 'of', 'subject', 'since', 'until'] as const;
type FilterField = (typeof FILTER_FIELDS)[number];

const WORDS: Readonly<Record<FilterField, { readonly label: string; readonly example: string }>> = {
  by: { label: 'Who', example: 'ann' },
  of: { label: 'What', example: 'rule add' },
  subject: { label: 'To what', example: 'id or name' },
  since: { label: 'Since', example: '7d' },
  until: { label: 'Until', example: '2026-11-22T08:00:00Z' },
};
const MAX_TEXT = 64;

export function ChangeFilter(): VNode {
  const { query } = useRoute();
  const [fields, setFields] = useState<Partial<Record<FilterField, string>>>({});
  useEffect(
    () => setFields(Object.fromEntries(FILTER_FIELDS.map((field) => [field, query.get(field) ?? '']))),
    [query],
  );
  const onSubmit = (event: Event) => {
    event.preventDefault();
    navigate(withQuery(Object.fromEntries(FILTER_FIELDS.map((field) => [field, fields[field]?.trim()]))));
  };
  return (
    <form class="change-filter" onSubmit={onSubmit}>
      {FILTER_FIELDS.map((field) => (
        <Field key={field} label={WORDS[field].label}>
          {(input) => (
            <input
              {...input}
              maxLength={MAX_TEXT}
              placeholder={WORDS[field].example}
              spellcheck={false}
              value={fields[field] ?? ''}
              onInput={(event) => setFields({ ...fields, [field]: event.currentTarget.value })}
            />
          )}
        </Field>
      ))}
      <Button type="submit">Find</Button>
    </form>
  );
}
