import type { ButtonHTMLAttributes, VNode } from 'preact';

type ButtonProps = ButtonHTMLAttributes & {
  /** `main` for the one thing that a part is for; `quiet` has no frame. */
  readonly kind?: 'main' | 'plain' | 'quiet' | 'danger';
  readonly isSmall?: boolean;
  /** The key that does the same, shown to those who see. */
  readonly shortcut?: string;
};

export function Button({ kind = 'plain', isSmall = false, shortcut, children, ...rest }: ButtonProps): VNode {
  return (
    <button
      type="button"
      {...rest}
      class={`button button-${kind}${isSmall ? ' button-small' : ''}${rest.class === undefined ? '' : ` ${rest.class}`}`}
    >
      {children}
      {shortcut !== undefined && (
        <span class="key button-key" aria-hidden="true">
          {shortcut}
        </span>
      )}
    </button>
  );
}
