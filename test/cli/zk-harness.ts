import { EVENT, OP, ZK_ERROR } from '../../lib/wire/zookeeper/index.js';
import type { FakeServer } from '../client/zookeeper/fake-server.js';
import type { Harness } from './harness.js';

const OPEN = [{ permissions: 31, scheme: 'world', id: 'anyone' }];

/** The tree of the examples in docs/cli.md; whoever watches it sees three changes, and is interrupted. */
export function documentedTree(harness: Harness, server: FakeServer): void {
  harness.env['TEPUI_ZK_SERVERS'] = server.address;
  const { tree } = server;
  tree.put('/app', Buffer.from('colour: blue\n'), OPEN);
  tree.put('/app/locks', null, OPEN);
  tree.put('/app/locks/lock-0000000003', Buffer.from('host-1'), OPEN, '0123456789abcdef');
  tree.put('/app/workers', null, OPEN);
  server.refuse = (request) =>
    request.op === OP.delete && request.path === '/app/workers' ? ZK_ERROR.noAuth : null;
  server.onRequest = ({ op }) => {
    if (op === OP.addWatch) setImmediate(() => play(harness, server));
    return 'serves';
  };
}

function play(harness: Harness, server: FakeServer): void {
  server.change(EVENT.created, '/app/workers/w1');
  server.change(EVENT.dataChanged, '/app');
  server.change(EVENT.deleted, '/app/workers/w1');
  const polling = setInterval(() => {
    if (!harness.out.includes('deleted')) return;
    clearInterval(polling);
    harness.interrupt();
  }, 1);
}
