import type { VNode } from 'preact';
import { Field } from '../../parts/field.tsx';

/** As the console has it (src/accounts/passwords.ts). */
export const MIN_PASSWORD = 12;
const MAX_PASSWORD = 256;
const MAX_USER = 64;

interface UserFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: string;
}

/** The name that somebody signs in with. */
export function UserField({ value, onChange, hint }: UserFieldProps): VNode {
  return (
    <Field label="User" {...(hint === undefined ? {} : { hint })}>
      {(input) => (
        <input
          {...input}
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
          maxLength={MAX_USER}
          value={value}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface PasswordFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** A password that is chosen, not one that is known. */
  readonly isNew?: boolean;
  readonly hint?: string;
  readonly problem?: string | undefined;
}

/** A password, which is not seen. */
export function PasswordField({ label, value, onChange, isNew = false, hint, problem }: PasswordFieldProps): VNode {
  return (
    <Field label={label} problem={problem} {...(hint === undefined ? {} : { hint })}>
      {(input) => (
        <input
          {...input}
          type="password"
          autocomplete={isNew ? 'new-password' : 'current-password'}
          required
          maxLength={MAX_PASSWORD}
          value={value}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}
