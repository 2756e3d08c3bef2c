/** What the pages of the console ask beside what commands ask, one function each. */
import type { Address } from '../core/address.ts';
import type { RuleAction, RuleMatch } from '../policy/rule.ts';
import { type EventParts, type EventServices, eventServices } from './event-services.ts';
import { type AxesParts, type HostAxesView, hostAxes } from './host-axes.ts';
import { hostTimeline, type TimelineItem, type TimelineParts } from './host-timeline.ts';
import { type OverviewDemand, type OverviewParts, type OverviewView, sharedBusiest, viewOverview } from './overview.ts';
import { previewRule, type RulePreviewParts, type RulePreviewView } from './rule-preview.ts';
import { listSwitches, type SwitchSight, type SwitchView } from './switch-list.ts';

export interface PageServices extends EventServices {
  rulePreview(rule: { readonly action: RuleAction; readonly match: RuleMatch }): Promise<RulePreviewView>;
  overview(asked: OverviewDemand): Promise<OverviewView>;
  switches(): AsyncGenerator<SwitchView, void>;
  hostTimeline(asked: {
    readonly host: Address;
    readonly sinceMs?: number | undefined;
    readonly limit: number;
  }): Promise<{ readonly items: readonly TimelineItem[] }>;
  hostAxes(asked: { readonly host: Address; readonly sinceMs?: number | undefined }): Promise<HostAxesView>;
}

export interface PageParts extends EventParts, RulePreviewParts, OverviewParts, TimelineParts, AxesParts {
  readonly history: EventParts['history'];
  readonly policies: EventParts['policies'];
  readonly clock: EventParts['clock'];
  readonly store: EventParts['store'] & OverviewParts['store'];
  /** Left out where gluewall does not run. */
  readonly switchSights?: (() => readonly SwitchSight[]) | undefined;
}

export function pageServices(parts: PageParts): PageServices {
  const { clock, store, running } = parts;
  const busiest = sharedBusiest(store, clock);
  const counting: OverviewParts['store'] = {
    busiest,
    minutes: (sinceMs, untilMs) => store.minutes(sinceMs, untilMs),
    openEntries: () => store.openEntries(),
  };
  return {
    ...eventServices(parts),
    async rulePreview(rule) {
      await parts.flush();
      return previewRule(rule, parts);
    },
    overview: (asked) => viewOverview(asked, { clock, running, store: counting }),
    switches: () => listSwitches(parts.switchSights),
    hostTimeline: (asked) => hostTimeline(asked, parts),
    hostAxes: (asked) => hostAxes(asked, parts),
  };
}
