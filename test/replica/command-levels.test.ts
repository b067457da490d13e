import assert from 'node:assert/strict';
import type { MemberId, NodeId } from '../../lib/base/index.js';
import { CommandLevels } from '../../lib/replica/command-levels.js';
import { COMMAND_LEVEL, encodeCommand, type ClusterView } from '../../lib/state/index.js';

const NODE = 'm1@0000000000000001' as NodeId;
const CLOSE = encodeCommand({
  kind: 'coordination-close',
  session: '00000000000000a1' as never,
  attachment: 1,
});

describe('replica: what every member knows', () => {
  let level: number;
  let asked: number;
  let levels: CommandLevels;

  beforeEach(() => {
    level = COMMAND_LEVEL;
    asked = 0;
    const told = () => ({
      member: 'm1' as MemberId,
      doors: { http: '', grpc: '', peer: '', zookeeper: '' },
      release: '0',
      commandLevel: level,
      memoryBudgetBytes: 1,
    });
    const cluster = { member: told } as unknown as ClusterView;
    levels = new CommandLevels({
      cluster: () => cluster,
      nodes: () => {
        asked++;
        return [NODE];
      },
    });
  });

  it('is asked once for all commands between two turns', () => {
    for (let i = 0; i < 100; i++) assert.equal(levels.fault(CLOSE), null);
    assert.equal(asked, 1);
  });

  it('is asked anew after a turn: a member that knows less may have come', () => {
    assert.equal(levels.fault(CLOSE), null);
    level = 1;
    levels.turn();
    assert.equal(levels.fault(CLOSE)?.code, 'UNSUPPORTED');
  });

  it('is asked again for each command that not everybody knows', () => {
    level = 1;
    for (let i = 0; i < 2; i++) assert.equal(levels.fault(CLOSE)?.code, 'UNSUPPORTED');
    assert.equal(asked, 2);
  });
});
