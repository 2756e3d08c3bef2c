import type { Config } from '../config/schema.ts';
import { ASK_METER } from '../controller/base-flows.ts';
import type { Clock } from '../core/clock.ts';
import type { MinuteStore } from '../events/minute-store.ts';
import type { NsHistory } from '../nsdb/ns-history.ts';
import { formatInstant } from '../services/instant.ts';
import type { NowView, RunningFigures } from '../services/overview.ts';
import type { PageParts } from '../services/page-services.ts';
import { meterRates } from './bridge-settings.ts';
import { type CountedParts, lossesOf } from './figures.ts';
import { type MinuteReading, MinuteRecorder } from './minute-recorder.ts';
import type { Switchboard } from './switchboard.ts';

export interface PageHouseParts {
  readonly clock: Clock;
  readonly store: Pick<MinuteStore, 'addMinutes'>;
  readonly counted: CountedParts;
  readonly switchboard: Switchboard;
  readonly config: () => Config;
}

/** What the pages of the console are told of a gluewall that runs, and what is kept of its minutes. */
export class PageHouse {
  readonly #parts: PageHouseParts;
  readonly #recorder: MinuteRecorder;
  #newAddresses = 0;

  constructor(parts: PageHouseParts) {
    this.#parts = parts;
    this.#recorder = new MinuteRecorder({ clock: parts.clock, store: parts.store, read: () => this.#read() });
  }

  /** What the services are made with. */
  get parts(): Pick<PageParts, 'dropProof' | 'switchSights' | 'running'> {
    const { switchboard, config } = this.#parts;
    const running: RunningFigures = {
      minutes: () => this.#recorder.minutes(),
      now: () => this.#now(),
      packetInBudget: () => meterRates(config()).get(ASK_METER)!,
    };
    return {
      dropProof: (query) => switchboard.dropProofs.proofOf(query),
      switchSights: () => switchboard.sights(),
      running,
    };
  }

  /** To be called when `history` has been loaded: what it learns from then on is new. */
  start(history: NsHistory): void {
    history.subscribe({
      learned: () => {
        this.#newAddresses++;
      },
    });
    this.#recorder.start();
  }

  /** Safe twice. */
  stop(): Promise<void> {
    return this.#recorder.stop();
  }

  #read(): MinuteReading {
    const { counted, switchboard } = this.#parts;
    const { counters } = counted.firewall;
    return {
      counts: {
        allow: counters.get('allowed') + counters.get('allowed by a flow'),
        block: counters.get('blocked'),
        wouldBlock: counters.get('would block'),
        newAddresses: this.#newAddresses,
        packetIns: switchboard.packetInCount,
      },
      losses: lossesOf(counted),
    };
  }

  #now(): ReturnType<RunningFigures['now']> {
    const { counted } = this.#parts;
    const { policies, enforcement, sources, controller } = counted;
    const { groups } = policies;
    const endsAtMs = enforcement.warmupEndsAtMs;
    return {
      mode: groups.default.mode,
      warmupEnds: endsAtMs === undefined ? null : formatInstant(endsAtMs),
      enforced: groups.groups.some((group) => enforcement.modeOf(group) === 'enforce'),
      switches: controller.switches.length,
      capture: captureWord(counted),
      learnsNothing: sources.areNone,
    };
  }
}

function captureWord({ sources, controller }: CountedParts): NowView['capture'] {
  if (sources.areNone) return 'off';
  return sources.areComplete(controller.switches) ? 'on' : 'lost';
}
