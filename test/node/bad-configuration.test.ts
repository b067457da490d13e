import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { main } from '../../lib/cli/index.js';
import { processCommands } from '../../lib/node/commands.js';
import { Harness } from '../cli/harness.js';
import { tempFolder } from '../support/temp-folder.js';

const MASTER = {
  id: 'm1',
  listen: { grpc: '127.0.0.1:0', peer: '127.0.0.1:0', zookeeper: 'off', http: 'off' },
  members: { m1: '127.0.0.1:5070' },
};
const AGENT = { id: 'a1', masters: ['127.0.0.1:5060'] };

interface BadConfig {
  readonly what: string;
  readonly kind: 'master' | 'agent';
  readonly change: object;
  readonly says: RegExp;
}

const BAD: readonly BadConfig[] = [
  { what: 'an unknown key', kind: 'master', change: { lisen: {} }, says: /"lisen"/ },
  {
    what: 'an unknown key inside another',
    kind: 'master',
    change: { listen: { grcp: 'x:1' } },
    says: /listen: .*"grcp"/,
  },
  { what: 'an unknown key of an agent', kind: 'agent', change: { members: {} }, says: /"members"/ },
  {
    what: 'an address without a port',
    kind: 'master',
    change: { listen: { grpc: 'here' } },
    says: /listen\.grpc: must be host:port/,
  },
  {
    what: 'a port that does not exist',
    kind: 'master',
    change: { listen: { peer: '127.0.0.1:70000' } },
    says: /listen\.peer: has a port above 65535/,
  },
  { what: 'an id with a slash', kind: 'master', change: { id: 'a/b' }, says: /id: must be letters/ },
  {
    what: 'a number out of its range',
    kind: 'master',
    change: { timing: { tickMs: 1 } },
    says: /timing\.tickMs: .*5/,
  },
  {
    what: 'an election timeout below three heartbeats',
    kind: 'master',
    change: { timing: { heartbeatMs: 150 } },
    says: /timing\.electionMs: 400 is below 450, 3 times heartbeatMs \(150\)/,
  },
  {
    what: 'a heartbeat shorter than a tick',
    kind: 'master',
    change: { timing: { heartbeatMs: 19 } },
    says: /timing\.heartbeatMs: 19 is below tickMs, 20/,
  },
  {
    what: 'a member at port 0',
    kind: 'master',
    change: { members: { m1: 'h:1', m2: 'h:0' } },
    says: /members\.m2: has port 0, which nobody can connect to/,
  },
  {
    what: 'members without the member itself',
    kind: 'master',
    change: { id: 'm9' },
    says: /members: must name this member too, m9/,
  },
  {
    what: 'two members at one address',
    kind: 'master',
    change: { members: { m1: 'h:1', m2: 'h:1' } },
    says: /members: two members have the address h:1/,
  },
  { what: 'an agent without masters', kind: 'agent', change: { masters: [] }, says: /masters: / },
  {
    what: 'a resource that is no number',
    kind: 'agent',
    change: { resources: { cpus: 'many' } },
    says: /resources\.cpus: /,
  },
  {
    what: 'a certificate that is not there',
    kind: 'master',
    change: { tls: { cert: '/nowhere/c.pem', key: '/nowhere/k.pem', ca: '/nowhere/ca.pem' } },
    says: /tls\.cert cannot be read: .*\/nowhere\/c\.pem/,
  },
  {
    what: "a certificate of an agent's that is not there",
    kind: 'agent',
    change: { tls: { cert: '/nowhere/c.pem', key: '/nowhere/k.pem', ca: '/nowhere/ca.pem' } },
    says: /tls\.cert cannot be read/,
  },
  {
    what: 'a door that others reach, without TLS',
    kind: 'master',
    change: { listen: { grpc: '0.0.0.0:0', peer: '127.0.0.1:0' } },
    says: /0\.0\.0\.0:0 can be reached from outside without TLS: set tls, or insecure: true/,
  },
  {
    what: 'a door for ZooKeeper clients that others reach, without TLS',
    kind: 'master',
    change: { listen: { grpc: '127.0.0.1:0', peer: '127.0.0.1:0', zookeeper: '0.0.0.0:0' } },
    says: /0\.0\.0\.0:0 can be reached from outside without TLS: set tls, or insecure: true/,
  },
  {
    what: 'sessions of ZooKeeper clients that are too short for the elections',
    kind: 'master',
    change: { timing: { electionMs: 1200 }, listen: {} },
    says: /zookeeper\.minSessionTimeoutMs: 4000 is below 4800, 4 times timing\.electionMs \(1200\): raise it, or lower timing\.electionMs to 1000/,
  },
  {
    what: 'an address of a door that there is not',
    kind: 'master',
    change: { advertise: { zookeeper: 'h:2181' } },
    says: /advertise\.zookeeper: is of no use while listen\.zookeeper is off/,
  },
  {
    what: 'an address of a door for HTTP that there is not',
    kind: 'master',
    change: { advertise: { http: 'h:5050' } },
    says: /advertise\.http: is of no use while listen\.http is off/,
  },
  {
    what: 'a door for HTTP that others reach, without TLS',
    kind: 'master',
    change: { listen: { grpc: '127.0.0.1:0', peer: '127.0.0.1:0', http: '0.0.0.0:0' } },
    says: /0\.0\.0\.0:0 can be reached from outside without TLS: set tls, or insecure: true/,
  },
  {
    what: 'a file of a password that is not there',
    kind: 'master',
    change: { zookeeper: { saslUsers: { alice: { file: '/nowhere' } } } },
    says: /zookeeper\.saslUsers\.alice: \/nowhere cannot be read/,
  },
  {
    what: 'an address of another machine',
    kind: 'master',
    change: { listen: { grpc: '192.0.2.1:5060' }, insecure: true },
    says: /cannot listen at 192\.0\.2\.1:5060: EADDRNOTAVAIL/,
  },
];

describe('a bad configuration', () => {
  const folder = tempFolder();
  const dataDir = path.join(folder.path, 'data');
  let files = 0;
  after(() => folder.remove());

  function write(text: string): string {
    const file = path.join(folder.path, `config-${files++}.yaml`);
    writeFileSync(file, text);
    return file;
  }

  /** Exit code 2, one error that matches, and no trace of a data folder. */
  async function refused(args: readonly string[], says: RegExp): Promise<void> {
    const harness = new Harness();
    const code = await main(args, harness.io, [processCommands]);
    assert.match(harness.err, says);
    assert.equal(code, 2, harness.err);
    assert.equal(harness.out, '');
    assert.equal(existsSync(dataDir), false, 'the data folder was made');
    assert.doesNotMatch(harness.err, /\n\s+at /, 'a stack is no message for people');
  }

  for (const { what, kind, change, says } of BAD) {
    it(`is refused by name: ${what}`, async () => {
      const config = { ...(kind === 'master' ? MASTER : AGENT), dataDir, ...change };
      await refused([kind, '--config', write(stringify(config))], says);
    });
  }

  it('names every key that is wrong at once', () =>
    refused(
      ['master', '--config', write(stringify({ ...MASTER, dataDir, id: '', logLevel: 'loud' }))],
      /id: .*logLevel: /,
    ));

  it('is told when the file is not YAML, or is not there', async () => {
    const file = write('id: [m1');
    await refused(['master', '--config', file], new RegExp(`${file} is not YAML`));
    await refused(['agent', '--config', '/nowhere/a.yaml'], /\/nowhere\/a\.yaml cannot be read/);
  });

  it('is told of unknown flags and commands, of lacking ones, and of numbers out of range', async () => {
    await refused(['master', '--lisen', 'x'], /unknown option '--lisen'/);
    await refused(['stauts'], /unknown command 'stauts'/);
    await refused(['run', '--', 'true'], /--name/);
    await refused(
      ['dev', '--masters', '9', '--dir', dataDir],
      /--masters must be a whole number from 1 to 7/,
    );
  });
});
