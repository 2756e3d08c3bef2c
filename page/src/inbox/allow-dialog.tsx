import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { consoleNowMs } from '../api/client.ts';
import { asProblem } from '../api/use-loaded.ts';
import { expiryOf, LIFETIMES } from '../pages/rules/expiry.ts';
import { matchWords } from '../pages/rules/match-words.ts';
import { RulePreview } from '../pages/rules/rule-preview.tsx';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Field } from '../parts/field.tsx';
import { Hostile } from '../parts/hostile.tsx';
import {
  type AllowPreset,
  allowPresets,
  type BlockedQuery,
  MAX_RULES_AT_ONCE,
  type PresetName,
} from './allow-presets.ts';
import { addAllowRules } from './allow-rules.ts';
import './allow-dialog.css';

/** What is chosen at first. */
const FIRST_LIFETIME = '1d';
const NO_END = 'none';
const CHOICES = [...LIFETIMES, { name: NO_END, text: 'No end' }];
/** The console takes no longer ones. */
const MAX_REASON_CHARACTERS = 500;
const SHOWN_MATCHES = 3;

interface AllowDialogProps {
  /** What is to pass; at least one. */
  readonly queries: readonly BlockedQuery[];
  readonly onDone?: () => void;
  readonly onClose: () => void;
}

/** Makes allow rules of blocked queries: as narrow as can be at first, with an end and a reason, and what they would have done. */
export function AllowDialog({ queries, onDone, onClose }: AllowDialogProps): VNode {
  const presets = allowPresets(queries);
  const [chosen, setChosen] = useState<PresetName>(presets[0]!.name);
  const [expiry, setExpiry] = useState<string>(FIRST_LIFETIME);
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState<string>();
  const [isSending, setIsSending] = useState(false);
  const preset = presets.find(({ name }) => name === chosen) ?? presets[0]!;
  const isTooMany = preset.matches.length > MAX_RULES_AT_ONCE;
  const onSubmit = async (event: Event) => {
    event.preventDefault();
    if (reason.trim() === '') return setProblem('Say why: whoever finds the rule later wants to know.');
    setIsSending(true);
    const expires = expiryOf(expiry, consoleNowMs());
    try {
      await addAllowRules({ matches: preset.matches, reason: reason.trim(), expires });
      onDone?.();
      onClose();
    } catch (error) {
      setProblem(asProblem(error).detail);
      setIsSending(false);
    }
  };
  return (
    <Dialog title={queries.length === 1 ? 'Allow' : `Allow ${queries.length} entries`} onClose={onClose} isWide>
      <form class="allow" onSubmit={onSubmit} noValidate>
        <PresetChoice presets={presets} chosen={preset.name} onChoose={setChosen} />
        <Matches preset={preset} />
        {isTooMany && (
          <p class="field-problem">
            That makes {preset.matches.length} rules; at most {MAX_RULES_AT_ONCE} are made at once. Choose a wider one,
            or fewer entries.
          </p>
        )}
        <ExpiryChoice chosen={expiry} onChoose={setExpiry} />
        <Field label="Reason" problem={problem}>
          {(input) => (
            <input
              {...input}
              type="text"
              required
              maxLength={MAX_REASON_CHARACTERS}
              placeholder="ticket, or who wants it and why"
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          )}
        </Field>
        <div class="dialog-actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="main" type="submit" disabled={isSending || isTooMany}>
            {preset.matches.length === 1 ? 'Allow' : `Make ${preset.matches.length} rules`}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface PresetChoiceProps {
  readonly presets: readonly AllowPreset[];
  readonly chosen: PresetName;
  readonly onChoose: (name: PresetName) => void;
}

function PresetChoice({ presets, chosen, onChoose }: PresetChoiceProps): VNode {
  return (
    <fieldset class="allow-choice">
      <legend>What may pass</legend>
      {presets.map(({ name, about }, index) => (
        <label key={name} class="check">
          <input type="radio" name="preset" checked={name === chosen} onChange={() => onChoose(name)} />
          <span>
            {about[0]!.toUpperCase() + about.slice(1)}
            {index === 0 && <span class="muted"> (narrowest)</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function Matches({ preset }: { readonly preset: AllowPreset }): VNode {
  const more = preset.matches.length - SHOWN_MATCHES;
  return (
    <ul class="allow-matches">
      {preset.matches.slice(0, SHOWN_MATCHES).map((match, index) => (
        <li key={index} class="allow-match">
          <p class="allow-words">
            Allow <Hostile text={matchWords(match)} />
          </p>
          <RulePreview action="allow" match={match} />
        </li>
      ))}
      {more > 0 && <li class="muted">and {more} more like these</li>}
    </ul>
  );
}

function ExpiryChoice({
  chosen,
  onChoose,
}: {
  readonly chosen: string;
  readonly onChoose: (name: string) => void;
}): VNode {
  return (
    <fieldset class="allow-choice allow-expiry">
      <legend>For how long</legend>
      {CHOICES.map(({ name, text }) => (
        <label key={name} class="check">
          <input type="radio" name="expiry" checked={name === chosen} onChange={() => onChoose(name)} />
          {text}
        </label>
      ))}
    </fieldset>
  );
}
