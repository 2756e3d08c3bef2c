import { Experimenter } from './constants.ts';

/** One OFPET_* type with its codes; a code's number is its place in the list (OpenFlow 1.3.5 §7.4.4). */
function errorType<const N extends string, const C extends readonly string[]>(number: number, name: N, codes: C) {
  return { number, name, codes } as const;
}

const EXPERIMENTER_TYPE = { number: 0xffff, name: 'OFPET_EXPERIMENTER' } as const;

/** Every error type of OpenFlow 1.3 with its codes. OFPET_EXPERIMENTER has none: its codes belong to the experimenter. */
export const ERROR_TYPES = [
  errorType(0, 'OFPET_HELLO_FAILED', ['OFPHFC_INCOMPATIBLE', 'OFPHFC_EPERM']),
  errorType(1, 'OFPET_BAD_REQUEST', [
    'OFPBRC_BAD_VERSION',
    'OFPBRC_BAD_TYPE',
    'OFPBRC_BAD_MULTIPART',
    'OFPBRC_BAD_EXPERIMENTER',
    'OFPBRC_BAD_EXP_TYPE',
    'OFPBRC_EPERM',
    'OFPBRC_BAD_LEN',
    'OFPBRC_BUFFER_EMPTY',
    'OFPBRC_BUFFER_UNKNOWN',
    'OFPBRC_BAD_TABLE_ID',
    'OFPBRC_IS_SLAVE',
    'OFPBRC_BAD_PORT',
    'OFPBRC_BAD_PACKET',
    'OFPBRC_MULTIPART_BUFFER_OVERFLOW',
  ]),
  errorType(2, 'OFPET_BAD_ACTION', [
    'OFPBAC_BAD_TYPE',
    'OFPBAC_BAD_LEN',
    'OFPBAC_BAD_EXPERIMENTER',
    'OFPBAC_BAD_EXP_TYPE',
    'OFPBAC_BAD_OUT_PORT',
    'OFPBAC_BAD_ARGUMENT',
    'OFPBAC_EPERM',
    'OFPBAC_TOO_MANY',
    'OFPBAC_BAD_QUEUE',
    'OFPBAC_BAD_OUT_GROUP',
    'OFPBAC_MATCH_INCONSISTENT',
    'OFPBAC_UNSUPPORTED_ORDER',
    'OFPBAC_BAD_TAG',
    'OFPBAC_BAD_SET_TYPE',
    'OFPBAC_BAD_SET_LEN',
    'OFPBAC_BAD_SET_ARGUMENT',
  ]),
  errorType(3, 'OFPET_BAD_INSTRUCTION', [
    'OFPBIC_UNKNOWN_INST',
    'OFPBIC_UNSUP_INST',
    'OFPBIC_BAD_TABLE_ID',
    'OFPBIC_UNSUP_METADATA',
    'OFPBIC_UNSUP_METADATA_MASK',
    'OFPBIC_BAD_EXPERIMENTER',
    'OFPBIC_BAD_EXP_TYPE',
    'OFPBIC_BAD_LEN',
    'OFPBIC_EPERM',
  ]),
  errorType(4, 'OFPET_BAD_MATCH', [
    'OFPBMC_BAD_TYPE',
    'OFPBMC_BAD_LEN',
    'OFPBMC_BAD_TAG',
    'OFPBMC_BAD_DL_ADDR_MASK',
    'OFPBMC_BAD_NW_ADDR_MASK',
    'OFPBMC_BAD_WILDCARDS',
    'OFPBMC_BAD_FIELD',
    'OFPBMC_BAD_VALUE',
    'OFPBMC_BAD_MASK',
    'OFPBMC_BAD_PREREQ',
    'OFPBMC_DUP_FIELD',
    'OFPBMC_EPERM',
  ]),
  errorType(5, 'OFPET_FLOW_MOD_FAILED', [
    'OFPFMFC_UNKNOWN',
    'OFPFMFC_TABLE_FULL',
    'OFPFMFC_BAD_TABLE_ID',
    'OFPFMFC_OVERLAP',
    'OFPFMFC_EPERM',
    'OFPFMFC_BAD_TIMEOUT',
    'OFPFMFC_BAD_COMMAND',
    'OFPFMFC_BAD_FLAGS',
  ]),
  errorType(6, 'OFPET_GROUP_MOD_FAILED', [
    'OFPGMFC_GROUP_EXISTS',
    'OFPGMFC_INVALID_GROUP',
    'OFPGMFC_WEIGHT_UNSUPPORTED',
    'OFPGMFC_OUT_OF_GROUPS',
    'OFPGMFC_OUT_OF_BUCKETS',
    'OFPGMFC_CHAINING_UNSUPPORTED',
    'OFPGMFC_WATCH_UNSUPPORTED',
    'OFPGMFC_LOOP',
    'OFPGMFC_UNKNOWN_GROUP',
    'OFPGMFC_CHAINED_GROUP',
    'OFPGMFC_BAD_TYPE',
    'OFPGMFC_BAD_COMMAND',
    'OFPGMFC_BAD_BUCKET',
    'OFPGMFC_BAD_WATCH',
    'OFPGMFC_EPERM',
  ]),
  errorType(7, 'OFPET_PORT_MOD_FAILED', [
    'OFPPMFC_BAD_PORT',
    'OFPPMFC_BAD_HW_ADDR',
    'OFPPMFC_BAD_CONFIG',
    'OFPPMFC_BAD_ADVERTISE',
    'OFPPMFC_EPERM',
  ]),
  errorType(8, 'OFPET_TABLE_MOD_FAILED', ['OFPTMFC_BAD_TABLE', 'OFPTMFC_BAD_CONFIG', 'OFPTMFC_EPERM']),
  errorType(9, 'OFPET_QUEUE_OP_FAILED', ['OFPQOFC_BAD_PORT', 'OFPQOFC_BAD_QUEUE', 'OFPQOFC_EPERM']),
  errorType(10, 'OFPET_SWITCH_CONFIG_FAILED', ['OFPSCFC_BAD_FLAGS', 'OFPSCFC_BAD_LEN', 'OFPSCFC_EPERM']),
  errorType(11, 'OFPET_ROLE_REQUEST_FAILED', ['OFPRRFC_STALE', 'OFPRRFC_UNSUP', 'OFPRRFC_BAD_ROLE']),
  errorType(12, 'OFPET_METER_MOD_FAILED', [
    'OFPMMFC_UNKNOWN',
    'OFPMMFC_METER_EXISTS',
    'OFPMMFC_INVALID_METER',
    'OFPMMFC_UNKNOWN_METER',
    'OFPMMFC_BAD_COMMAND',
    'OFPMMFC_BAD_FLAGS',
    'OFPMMFC_BAD_RATE',
    'OFPMMFC_BAD_BURST',
    'OFPMMFC_BAD_BAND',
    'OFPMMFC_BAD_BAND_VALUE',
    'OFPMMFC_OUT_OF_METERS',
    'OFPMMFC_OUT_OF_BANDS',
  ]),
  errorType(13, 'OFPET_TABLE_FEATURES_FAILED', [
    'OFPTFFC_BAD_TABLE',
    'OFPTFFC_BAD_METADATA',
    'OFPTFFC_BAD_TYPE',
    'OFPTFFC_BAD_LEN',
    'OFPTFFC_BAD_ARGUMENT',
    'OFPTFFC_EPERM',
  ]),
  errorType(EXPERIMENTER_TYPE.number, EXPERIMENTER_TYPE.name, []),
] as const;

/**
 * Codes that an experimenter gave to OFPET_EXPERIMENTER; a code's number is its place in the list after `first`. These
 * are the bundles of ONF extension 230.
 */
const EXPERIMENTER_ERRORS = [
  {
    experimenter: Experimenter.ONF,
    first: 2300,
    codes: [
      'OFPBFC_UNKNOWN',
      'OFPBFC_EPERM',
      'OFPBFC_BAD_ID',
      'OFPBFC_BUNDLE_EXIST',
      'OFPBFC_BUNDLE_CLOSED',
      'OFPBFC_OUT_OF_BUNDLES',
      'OFPBFC_BAD_TYPE',
      'OFPBFC_BAD_FLAGS',
      'OFPBFC_MSG_BAD_LEN',
      'OFPBFC_MSG_BAD_XID',
      'OFPBFC_MSG_UNSUP',
      'OFPBFC_MSG_CONFLICT',
      'OFPBFC_MSG_TOO_MANY',
      'OFPBFC_MSG_FAILED',
      'OFPBFC_TIMEOUT',
    ],
  },
] as const;

/** The name of one error code, such as `OFPBMC_BAD_PREREQ`; it tells the type too. */
export type ErrorCodeName =
  | (typeof ERROR_TYPES)[number]['codes'][number]
  | (typeof EXPERIMENTER_ERRORS)[number]['codes'][number];

/** An error as the wire has it, and as the specification names it. */
export interface ErrorNumbers {
  readonly errorType: number;
  readonly errorCode: number;
  readonly typeName: string;
  /** Whose code it is when the type is OFPET_EXPERIMENTER. */
  readonly experimenter?: number;
}

/** The numbers that stand for a code's name. */
export function errorNumbers(codeName: ErrorCodeName): ErrorNumbers {
  for (const type of ERROR_TYPES) {
    const errorCode = (type.codes as readonly string[]).indexOf(codeName);
    if (errorCode >= 0) return { errorType: type.number, errorCode, typeName: type.name };
  }
  for (const { experimenter, first, codes } of EXPERIMENTER_ERRORS) {
    const place = (codes as readonly string[]).indexOf(codeName);
    const { number: errorType, name: typeName } = EXPERIMENTER_TYPE;
    if (place >= 0) return { errorType, errorCode: first + place, typeName, experimenter };
  }
  throw new RangeError(`no OpenFlow error code is called ${codeName}`);
}

/**
 * The names of an error's type and code as a switch sent them, numbers where the tables have no name. `experimenter` is
 * that of an error of type OFPET_EXPERIMENTER.
 */
export function errorNames(
  errorType: number,
  code: number,
  experimenter?: number,
): { readonly type: string; readonly code: string } {
  const row = ERROR_TYPES.find((candidate) => candidate.number === errorType);
  const own = EXPERIMENTER_ERRORS.find((candidate) => candidate.experimenter === experimenter);
  const name = errorType === EXPERIMENTER_TYPE.number ? own?.codes[code - own.first] : row?.codes[code];
  return { type: row?.name ?? String(errorType), code: name ?? String(code) };
}
