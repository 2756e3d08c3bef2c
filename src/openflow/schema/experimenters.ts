/**
 * Messages of experimenters: data only. Bundles are ONF extension 230 (laid out as in OpenFlow 1.4.0 §7.3.9), the flow
 * monitor 187, role status 191; the roles of Nicira are from nicira-ext.h of Open vSwitch.
 */
import { addedMessage, behindMessage } from '../added-message.ts';
import { experimenterNumber, type Family, row, tlvs } from '../families.ts';
import { choice, pad, rest, u8, u16, u32, u64 } from '../kinds.ts';
import { struct } from '../structure.ts';
import { Experimenter } from './constants.ts';

const BUNDLE_PROPERTY_ROWS = [
  row(0xffff, 'experimenter', struct({ experimenter: u32, experimenterType: u32, data: rest })),
] as const;
const BUNDLE_PROPERTY_FAMILY = {
  rows: BUNDLE_PROPERTY_ROWS,
  badLength: 'OFPBRC_BAD_LEN',
  lengthCountsPadding: false,
} as const satisfies Family<typeof BUNDLE_PROPERTY_ROWS>;
const properties = tlvs(BUNDLE_PROPERTY_FAMILY);

const bundleControl = struct({
  bundleId: u32,
  control: choice(
    u16,
    {
      openRequest: 0,
      openReply: 1,
      closeRequest: 2,
      closeReply: 3,
      commitRequest: 4,
      commitReply: 5,
      discardRequest: 6,
      discardReply: 7,
    },
    'OFPBFC_BAD_TYPE',
  ),
  flags: u16,
  properties,
});
const bundleAdd = struct({
  bundleId: u32,
  pad: pad(2),
  flags: u16,
  message: addedMessage,
  properties: behindMessage(properties),
});

const roleStatus = struct({
  role: choice(u32, { noChange: 0, equal: 1, master: 2, slave: 3 }, 'OFPRRFC_BAD_ROLE'),
  reason: u8,
  pad: pad(3),
  generationId: u64,
});
const nxRole = struct({ role: choice(u32, { other: 0, master: 1, slave: 2 }, 'OFPRRFC_BAD_ROLE') });
const empty = struct({});

export const EXPERIMENTER_MESSAGE_ROWS = [
  row(experimenterNumber(Experimenter.NICIRA, 10), 'nxRoleRequest', nxRole),
  row(experimenterNumber(Experimenter.NICIRA, 11), 'nxRoleReply', nxRole),
  row(experimenterNumber(Experimenter.ONF, 1870), 'flowMonitorCancel', struct({ id: u32 })),
  row(experimenterNumber(Experimenter.ONF, 1871), 'flowMonitorPaused', empty),
  row(experimenterNumber(Experimenter.ONF, 1872), 'flowMonitorResumed', empty),
  row(experimenterNumber(Experimenter.ONF, 1911), 'roleStatus', roleStatus),
  row(experimenterNumber(Experimenter.ONF, 2300), 'bundleControl', bundleControl),
  row(experimenterNumber(Experimenter.ONF, 2301), 'bundleAdd', bundleAdd),
] as const;
