import { GluewallError } from '../core/errors.ts';
import { type ErrorCodeName, errorNumbers } from './schema/errors.ts';

/**
 * What is wrong with bytes or with a match, in the words of OpenFlow 1.3.5 §7.4.4, so that it can be logged and, where
 * the protocol asks for it, sent back as an ERROR message. Returned, never thrown, by everything in this folder.
 */
export class OpenFlowError extends GluewallError {
  /** OFPET_* number. */
  readonly errorType: number;
  /** The number of the code within its type. */
  readonly errorCode: number;
  /** OFPET_* name. */
  readonly typeName: string;
  /** Name of the code, such as `OFPBMC_BAD_PREREQ`. */
  readonly codeName: ErrorCodeName;
  /** Where it is: octets from the start of the message, or of the match when a match was checked. */
  readonly offset: number;
  /** Where it is in words, such as `flowMod.match[2]`. */
  readonly path: string;
  /** What is wrong there. */
  readonly detail: string;
  /** Whose code it is when the type is OFPET_EXPERIMENTER: an ERROR message carries it. */
  readonly experimenter: number | undefined;

  constructor(codeName: ErrorCodeName, offset: number, path: string, detail: string) {
    // As a WireFault: its place in the message says more than a stack, and costs a fourth.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super('openflow-decode', `${codeName} at ${path} (octet ${offset}): ${detail}`);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'OpenFlowError';
    const numbers = errorNumbers(codeName);
    this.errorType = numbers.errorType;
    this.errorCode = numbers.errorCode;
    this.typeName = numbers.typeName;
    this.codeName = codeName;
    this.offset = offset;
    this.path = path;
    this.detail = detail;
    this.experimenter = numbers.experimenter;
  }
}

/** Thrown when a value that we made cannot be written: a number out of range, a text too long, a list over 64 KiB. */
export class OpenFlowEncodeError extends GluewallError {
  /** Where it is, such as `flowMod.instructions[0].actions[1].port`. */
  readonly path: string;

  constructor(path: string, detail: string) {
    super('openflow-encode', `${path}: ${detail}`);
    this.name = 'OpenFlowEncodeError';
    this.path = path;
  }
}
