import assert from 'node:assert/strict';
import { agentSchema, masterSchema } from '../../../lib/node/config/schema.js';
import { childSpecs, configFiles, makePlan } from '../../../lib/node/dev/plan.js';
import { OPTIONS, PLAN } from './pictures.js';

describe('the plan of dev', () => {
  it('has masters in steps of 100 ports, and a folder per process', () => {
    assert.deepEqual(PLAN.masters, [
      {
        id: 'm1',
        folder: '/dev/m1',
        grpc: '127.0.0.1:5060',
        peer: '127.0.0.1:5070',
        zookeeper: '127.0.0.1:2181',
        http: '127.0.0.1:5050',
      },
      {
        id: 'm2',
        folder: '/dev/m2',
        grpc: '127.0.0.1:5160',
        peer: '127.0.0.1:5170',
        zookeeper: '127.0.0.1:2182',
        http: '127.0.0.1:5150',
      },
      {
        id: 'm3',
        folder: '/dev/m3',
        grpc: '127.0.0.1:5260',
        peer: '127.0.0.1:5270',
        zookeeper: '127.0.0.1:2183',
        http: '127.0.0.1:5250',
      },
    ]);
    assert.deepEqual(PLAN.agents, [
      { id: 'a1', folder: '/dev/a1' },
      { id: 'a2', folder: '/dev/a2' },
    ]);
  });

  it('moves every port by the offset', () => {
    const { masters } = makePlan({ ...OPTIONS, masters: 1, portOffset: 20_000 });
    assert.deepEqual([masters[0]!.grpc, masters[0]!.peer], ['127.0.0.1:25060', '127.0.0.1:25070']);
  });

  it('may use the last port there is; an offset beyond is refused with the largest that is not', () => {
    const largest = 65_535 - 5270;
    assert.equal(makePlan({ ...OPTIONS, portOffset: largest }).masters[2]!.peer, '127.0.0.1:65535');
    assert.throws(() => makePlan({ ...OPTIONS, portOffset: largest + 1 }), {
      code: 'USAGE',
      message: `--port-offset can be ${largest} at most with 3 masters, not ${largest + 1}`,
    });
  });

  it('writes configurations that its own processes accept', () => {
    for (const [file, value] of configFiles(PLAN)) {
      const schema = file.startsWith('/dev/m') ? masterSchema : agentSchema;
      const { id, dataDir } = schema.parse(value);
      assert.equal(file, `${dataDir}/config.yaml`);
      assert.equal(dataDir, `/dev/${id}`);
    }
    assert.equal(configFiles(PLAN).size, 5);
  });

  it('tells every master of all, and every agent too', () => {
    const files = configFiles(PLAN);
    const { members } = masterSchema.parse(files.get('/dev/m2/config.yaml'));
    assert.deepEqual(members, { m1: '127.0.0.1:5070', m2: '127.0.0.1:5170', m3: '127.0.0.1:5270' });
    const { masters } = agentSchema.parse(files.get('/dev/a2/config.yaml'));
    assert.deepEqual(masters, ['127.0.0.1:5060', '127.0.0.1:5160', '127.0.0.1:5260']);
  });

  it('declares the resources of its agents: the sample fits whatever the machine has', () => {
    const { resources } = agentSchema.parse(configFiles(PLAN).get('/dev/a1/config.yaml'));
    assert.deepEqual(resources, { cpus: 4, mem: 4096, disk: 10_240 });
  });

  it('starts masters, agents, and last the sample, which may be left out', () => {
    const specs = childSpecs(PLAN, true);
    assert.deepEqual(
      specs.map(({ id }) => id),
      ['m1', 'm2', 'm3', 'a1', 'a2', 'sample'],
    );
    assert.deepEqual(specs[3], {
      id: 'a1',
      folder: '/dev/a1',
      args: ['agent', '--config', '/dev/a1/config.yaml'],
    });
    assert.deepEqual(specs[5]!.args, [
      'sample',
      '--masters',
      '127.0.0.1:5060,127.0.0.1:5160,127.0.0.1:5260',
      '--state',
      '/dev/sample/framework.json',
    ]);
    assert.deepEqual(childSpecs(PLAN, false), specs.slice(0, 5));
  });
});
