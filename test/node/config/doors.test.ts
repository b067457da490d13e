import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { listenOf } from '../../../lib/node/config/doors.js';
import { masterSchema } from '../../../lib/node/config/schema.js';

function doorsOf(text: string): unknown {
  return listenOf(masterSchema.parse({ id: 'm1', dataDir: '/data', ...(parse(text) as object) }));
}

describe("a master's doors", () => {
  it('open on this machine alone, at the ports that everybody knows', () => {
    assert.deepEqual(doorsOf('{}'), {
      grpc: '127.0.0.1:5060',
      peer: '127.0.0.1:5070',
      zookeeper: '127.0.0.1:2181',
      http: '127.0.0.1:5050',
    });
  });

  it('are without one for ZooKeeper clients where that is off', () => {
    assert.deepEqual(doorsOf('listen: { zookeeper: off, grpc: "10.0.0.1:1" }'), {
      grpc: '10.0.0.1:1',
      peer: '127.0.0.1:5070',
      zookeeper: null,
      http: '127.0.0.1:5050',
    });
  });

  it('are without one for HTTP where that is off', () => {
    assert.deepEqual(doorsOf('listen: { http: off, zookeeper: "127.0.0.1:2182" }'), {
      grpc: '127.0.0.1:5060',
      peer: '127.0.0.1:5070',
      zookeeper: '127.0.0.1:2182',
      http: null,
    });
  });
});
