import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { stringify } from 'yaml';
import { tempFolder } from '../support/temp-folder.js';
import { TepuiProcess, tepui } from '../support/tepui-process.js';
import { eventually } from '../support/eventually.js';

const MASTER = {
  id: 'm1',
  listen: { grpc: '127.0.0.1:0', peer: '127.0.0.1:0', zookeeper: 'off', http: 'off' },
  members: { m1: '127.0.0.1:5070' },
};

describe('a bad configuration of a process', function () {
  this.timeout(60_000);
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
    const { code, stdout, stderr } = await tepui(args);
    assert.match(stderr, says);
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    assert.equal(existsSync(dataDir), false, 'the data folder was made');
    assert.doesNotMatch(stderr, /\n\s+at /, 'a stack is no message for people');
  }

  it('is refused by name: an unknown key', () =>
    refused(['master', '--config', write(stringify({ ...MASTER, dataDir, lisen: {} }))], /"lisen"/));

  it('is refused by name: an unknown flag', () =>
    refused(['agent', '--lisen', 'x'], /unknown option '--lisen'/));

  it('is warned of variables that nothing reads, and runs', async () => {
    const { code, stdout, stderr } = await tepui(['--version'], { env: { TEPUI_MASTRES: 'h:1' } });
    assert.equal(code, 0);
    assert.match(stdout, /^\d+\.\d+\.\d+/);
    assert.match(stderr, /warning: nothing reads the variable TEPUI_MASTRES/);
  });

  it('opens doors without TLS where it is told that this is meant, with a warning', async () => {
    const listen = { grpc: '0.0.0.0:0', peer: '127.0.0.1:0', zookeeper: 'off', http: 'off' };
    const config = { ...MASTER, dataDir: path.join(folder.path, 'open'), listen, insecure: true };
    const master = new TepuiProcess(['master', '--config', write(stringify(config))]);
    try {
      await eventually(() => existsSync(path.join(config.dataDir, 'identity.json')), 30_000, master.stderr);
    } finally {
      await master.end();
    }
    assert.match(master.stderr, /warning: insecure: anyone who reaches 0\.0\.0\.0:0 controls the cluster/);
  });

  describe('of ports that another program holds', () => {
    let server: Server;
    let port: number;
    before(async () => {
      server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      ({ port } = server.address() as AddressInfo);
    });
    after(() => server.close());

    for (const key of ['grpc', 'peer', 'zookeeper', 'http']) {
      it(`names the port and the key: listen.${key}`, () => {
        const listen = { ...MASTER.listen, [key]: `127.0.0.1:${port}` };
        return refused(
          ['master', '--config', write(stringify({ ...MASTER, dataDir, listen }))],
          new RegExp(
            `port ${port} \\(127\\.0\\.0\\.1:${port}\\) is in use: .*\`listen\\.${key}\` in the configuration`,
          ),
        );
      });
    }

    for (const key of ['zookeeper', 'http']) {
      it(`says how to do without the door: listen.${key}`, () => {
        const listen = { ...MASTER.listen, [key]: `127.0.0.1:${port}` };
        return refused(
          ['master', '--config', write(stringify({ ...MASTER, dataDir, listen }))],
          /let `listen\.\w+` in the configuration name another one, or `off` for no such door/,
        );
      });
    }

    it('names --port-offset to people who start dev', () =>
      refused(
        ['dev', '--dir', dataDir, '--port-offset', String(port - 5060)],
        new RegExp(`port ${port} .* is in use: .*--port-offset`),
      ));
  });
});
