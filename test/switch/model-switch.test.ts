import { afterAll, beforeAll, expect, it } from 'vitest';
import { FLOW_MOD_DEFAULTS } from '../../src/openflow/flow-mod.ts';
import { describeIf } from '../support/describe-if.ts';
import { composeFrame } from '../support/frames.ts';
import { TracedBridge } from '../support/model-switch/traced-bridge.ts';
import { writeFileSync } from 'node:fs';

describeIf(['root', 'namespaces', 'openVswitch'], 'the model switch, beside Open vSwitch', () => {
  let bridge: TracedBridge;
  beforeAll(async () => { bridge = await TracedBridge.start(); });
  afterAll(() => bridge?.stop());
  it('looks', async () => {
    let out = JSON.stringify([...bridge.ports]) + '\n';
    const { openVswitch: o } = bridge;
    out += await o.ofctl('show', 'gwtrace');
    const show = async (flows: string[], frame: Buffer) => {
      await o.ofctl('del-flows', 'gwtrace');
      for (const f of flows) await o.ofctl('add-flow', 'gwtrace', f);
      out += `\n==== ${flows.join(' ; ')}\n` + await bridge.trace(frame, 1);
    };
    await o.ofctl('add-meter', 'gwtrace', 'meter=5,pktps,bands=type=drop,rate=100');
    await o.ofctl('add-group', 'gwtrace', 'group_id=1,type=all,bucket=set_field:9->udp_dst,output:2,bucket=output:3');
    const udp = composeFrame(Buffer.from('hi'), {});
    await show(['cookie=7,priority=3,udp,actions=set_field:5->ip_dscp,set_field:198.51.100.9->ip_dst,set_field:99->udp_dst,output:2,push_vlan:0x8100,set_field:4099->vlan_vid,set_field:3->vlan_pcp,output:3,CONTROLLER:100,group:1'], udp);
    await show(['actions=normal'], udp);
    await show(['actions=flood,in_port,local'], udp);
    await show(['actions=meter:5,CONTROLLER:65535,goto_table:1'], udp);
    await show(['udp,actions=write_actions(output:2,dec_ttl,set_field:02:00:00:00:00:55->eth_dst,push_vlan:0x8100,set_field:4099->vlan_vid),goto_table:7'], udp);
    await show(['udp,actions=write_actions(output:2),write_metadata:0x5/0xff,goto_table:7', 'table=7,metadata=5,actions=clear_actions'], udp);
    await o.ofctl('add-meter', 'gwtrace', 'meter=controller,pktps,bands=type=drop,rate=100');
    await show(['actions=CONTROLLER:65535,output:2'], udp);
    await show([], composeFrame(Buffer.from('hi'), { tags: [0x8100], fragmentField: 0x2000 }));
    await show([], composeFrame(Buffer.from('hi'), { source: '2001:db8::1', destination: '2001:db8::2', transport: 'tcp' }));
    await show([], Buffer.from(`ffffffffffff020000000002${'0806'}${'0001080006040001'}020000000002c0000201000000000000c0000235`, 'hex'));
    const ping = composeFrame(Buffer.from('hihihihihihi'), { protocol: 1 });
    await show(['ip,actions=set_field:64->ip_dscp,dec_ttl,output:2,goto_table:2', 'table=2,actions=output:3'].slice(1), ping);
    const low = Buffer.from(ping); low[22] = 1;
    await show(['ip,actions=dec_ttl,output:2,write_actions(output:3),goto_table:2', 'table=2,actions=output:3'], low);
    writeFileSync('/var/tmp/h3-look.txt', out);
    expect(FLOW_MOD_DEFAULTS).toBeTruthy();
  });
});
