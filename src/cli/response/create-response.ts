import type { Config } from '../../config/schema.ts';
import { QuarantineRules, type QuarantineRulesParts } from './quarantine-rules.ts';
import { RpzHost, type RpzHostParts } from './rpz-host.ts';

/** What is done about findings. */
export class ResponseHouse {
  /** Undefined where none is configured. */
  readonly rpz: RpzHost | undefined;
  readonly quarantineRules: QuarantineRules;

  constructor(rpz: RpzHost | undefined, quarantineRules: QuarantineRules) {
    this.rpz = rpz;
    this.quarantineRules = quarantineRules;
  }

  /** Rejects with GluewallError `rpz-listen`. */
  async start(): Promise<void> {
    this.quarantineRules.start();
    await this.rpz?.start();
  }

  configure(config: Config): void {
    this.quarantineRules.configure(config);
    this.rpz?.configure(config);
  }

  /** Safe twice. */
  async stop(): Promise<void> {
    this.quarantineRules.stop();
    await this.rpz?.stop();
  }
}

/** Throws GluewallError `tsig-key`. */
export function createResponse(config: Config, parts: RpzHostParts & QuarantineRulesParts): ResponseHouse {
  const { rpz } = config.response;
  return new ResponseHouse(
    rpz === undefined ? undefined : new RpzHost(config, rpz, parts),
    new QuarantineRules(config, parts),
  );
}
