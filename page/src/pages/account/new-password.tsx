import type { VNode } from 'preact';
import { MIN_PASSWORD, PasswordField } from './access-fields.tsx';

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
      <PasswordField
        label={label}
        hint={`${MIN_PASSWORD} characters or more: a sentence, or what a password manager makes.`}
        isNew
        value={password}
        onChange={(typed) => onChange({ ...value, password: typed })}
      />
      <PasswordField
        label="The same again"
        problem={isOther ? 'The two are not the same.' : undefined}
        isNew
        value={again}
        onChange={(typed) => onChange({ ...value, again: typed })}
      />
    </>
  );
}
