import type { VNode } from 'preact';
import type { Role } from '../../frame/session.ts';
import { Field } from '../../parts/field.tsx';

const ROLES: readonly { readonly role: Role; readonly text: string }[] = [
  { role: 'viewer', text: 'viewer: sees, and changes nothing' },
  { role: 'analyst', text: 'analyst: works on what was blocked, allows, traces' },
  { role: 'admin', text: 'admin: may everything' },
];

interface RoleFieldProps {
  readonly value: Role;
  readonly onChange: (role: Role) => void;
  /** Which roles can be given; all by default. */
  readonly isAllowed?: (role: Role) => boolean;
}

export function RoleField({ value, onChange, isAllowed = () => true }: RoleFieldProps): VNode {
  return (
    <Field label="Role">
      {(input) => (
        <select {...input} value={value} onChange={(event) => onChange(event.currentTarget.value as Role)}>
          {ROLES.filter(({ role }) => isAllowed(role)).map(({ role, text }) => (
            <option key={role} value={role}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
