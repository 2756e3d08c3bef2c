import type { VNode } from 'preact';
import { Field } from '../../parts/field.tsx';

/** As the console has it (src/accounts/passwords.ts). */
export const MIN_PASSWORD = 12;
export const MAX_PASSWORD = 256;

export interface NewPassword {
  readonly password: string;
  readonly again: string;
}

export const NO_PASSWORD: NewPassword = { password: '', again: '' };

/** Whether both are there and the same. */
export function isGoodPassword({ password, again }: NewPassword): boolean {
  return password.length >= MIN_PASSWORD && password === again;
}

interface NewPasswordProps {
  readonly value: NewPassword;
  readonly onChange: (value: NewPassword) => void;
  readonly label?: string;
}

/** A password that is chosen: twice, since it is not seen. */
export function NewPasswordFields({ value, onChange, label = 'Password' }: NewPasswordProps): VNode {
  const { password, again } = value;
  const isOther = again.length >= password.length && again !== password && again !== '';
  return (
    <>
      <Field label={label} hint={`${MIN_PASSWORD} characters or more: a sentence, or what a password manager makes.`}>
        {(input) => (
          <input
            {...input}
            type="password"
            autocomplete="new-password"
            required
            minLength={MIN_PASSWORD}
            maxLength={MAX_PASSWORD}
            value={password}
            onInput={(event) => onChange({ ...value, password: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field label="The same again" problem={isOther ? 'The two are not the same.' : undefined}>
        {(input) => (
          <input
            {...input}
            type="password"
            autocomplete="new-password"
            required
            maxLength={MAX_PASSWORD}
            value={again}
            onInput={(event) => onChange({ ...value, again: event.currentTarget.value })}
          />
        )}
      </Field>
    </>
  );
}
