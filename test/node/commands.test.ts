import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { EXIT, main } from '../../lib/cli/index.js';
import { processCommands } from '../../lib/node/commands.js';
import { Harness } from '../cli/harness.js';
import { tempFolder } from '../support/temp-folder.js';

/** The commands never get as far as a start here: each is given one value that is wrong, and says which it took. */
describe('settings of a process', () => {
  const folder = tempFolder();
  const file = path.join(folder.path, 'config.yaml');
  const touched: string[] = [];
  after(() => folder.remove());
  afterEach(() => {
    for (const name of touched.splice(0)) delete process.env[name];
  });

  function variable(name: string, value: string): void {
    touched.push(name);
    process.env[name] = value;
  }

  /** What the command says, which must be a refusal of its settings. */
  async function refusal(...args: string[]): Promise<string> {
    const harness = new Harness();
    assert.equal(await main(args, harness.io, [processCommands]), EXIT.usage, harness.err);
    return harness.err;
  }

  const MASTER = { id: 'file', dataDir: '/nowhere', members: { m1: 'h:1' } };

  it('come from flags before variables, and from variables before the file', async () => {
    writeFileSync(file, stringify(MASTER));
    assert.match(await refusal('master', '--config', file), /must name this member too, file /);
    variable('TEPUI_ID', 'variable');
    assert.match(await refusal('master', '--config', file), /must name this member too, variable /);
    assert.match(
      await refusal('master', '--config', file, '--id', 'flag'),
      /must name this member too, flag /,
    );
  });

  it('come from the file that TEPUI_CONFIG names', async () => {
    writeFileSync(file, stringify({ ...MASTER, wrong: 1 }));
    variable('TEPUI_CONFIG', file);
    assert.match(await refusal('master'), /"wrong"/);
  });

  const FLAGS: readonly (readonly [kind: string, flag: string, key: string])[] = [
    ['master', '--listen-grpc', 'listen.grpc'],
    ['master', '--listen-peer', 'listen.peer'],
    ['master', '--advertise-grpc', 'advertise.grpc'],
    ['master', '--advertise-peer', 'advertise.peer'],
    ['master', '--log-level', 'logLevel'],
    ['agent', '--log-level', 'logLevel'],
    ['agent', '--masters', 'masters.0'],
    ['agent', '--id', 'id'],
  ];
  for (const [kind, flag, key] of FLAGS) {
    it(`of ${kind} ${flag} go to ${key}`, async () => {
      assert.match(await refusal(kind, flag, '/'), new RegExp(`[:;] ${key.replace('.', '\\.')}: `));
    });
  }

  it('have several masters divided by commas, with or without spaces', async () => {
    const says = await refusal('agent', '--masters', 'h:1, h:2,nobody');
    assert.match(says, /masters\.2: /);
    assert.doesNotMatch(says, /masters\.[01]: /);
  });

  it('have the three files of TLS as three flags', async () => {
    assert.match(await refusal('agent', '--tls-cert', 'c.pem'), /tls\.key: .*tls\.ca: /);
  });

  for (const text of ['', ' ', '-1', '1.5', '1e1', '0x1', 'three', '8']) {
    it(`of dev refuse "${text}" masters`, async () => {
      const says = await refusal('dev', '--masters', text);
      assert.ok(says.includes(`--masters must be a whole number from 1 to 7, not ${text}`), says);
    });
  }
});
