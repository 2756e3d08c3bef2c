import type { ComponentChildren, VNode } from 'preact';
import { useId } from 'preact/hooks';
import { Hostile } from './hostile.tsx';

/** What the input of a field takes, so that all of its words belong to it. */
export interface FieldInput {
  readonly id: string;
  readonly 'aria-describedby'?: string;
  readonly 'aria-invalid'?: true;
}

interface FieldProps {
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly problem?: string | undefined;
  readonly children: (input: FieldInput) => ComponentChildren;
}

/** A label, an input, what to know about it, and what is wrong with it. */
export function Field({ label, hint, problem, children }: FieldProps): VNode {
  const id = useId();
  const described = [
    ...(hint === undefined ? [] : [`${id}-hint`]),
    ...(problem === undefined ? [] : [`${id}-problem`]),
  ];
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      {children({
        id,
        ...(described.length === 0 ? {} : { 'aria-describedby': described.join(' ') }),
        ...(problem === undefined ? {} : { 'aria-invalid': true }),
      })}
      {hint !== undefined && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {problem !== undefined && (
        <p class="field-problem" id={`${id}-problem`}>
          <Hostile text={problem} />
        </p>
      )}
    </div>
  );
}
