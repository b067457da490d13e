import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { Operator } from '../../lib/client/index.js';
import {
  GrpcChannel,
  agentService,
  channelCredentials,
  operatorService,
  peerService,
} from '../../lib/wire/index.js';
import { authority, certificate } from '../support/certificates.js';
import { TEPUI } from '../support/dev-cluster.js';
import { blocksOf, commandsOf, shapeOf, type Block, type Command } from '../support/document.js';
import { eventually } from '../support/eventually.js';
import { Hosts } from '../support/hosts.js';
import { processesMentioning } from '../support/processes.js';
import { tempFolder } from '../support/temp-folder.js';
import { TepuiProcess, logTail } from '../support/tepui-process.js';

const PAGE = 'docs/three-hosts.md';
const LIMIT_MS = 60_000;
/** What the commands of the page themselves are given. */
const COMMAND_LIMIT_MS = 30_000;

describe(PAGE, function () {
  this.timeout(240_000);
  const folder = tempFolder();
  const services = new Map<string, TepuiProcess>();
  let hosts: Hosts;
  /** Lines that the page exports in its client's shell. */
  const exported: string[] = [];

  before(async () => {
    hosts = await Hosts.prepare(folder.path);
    hosts.giveCertificates();
    mkdirSync(path.join(folder.path, 'bin'));
    symlinkSync(TEPUI, path.join(folder.path, 'bin', 'tepui'));
  });

  after(async () => {
    const of = (kind: string): TepuiProcess[] =>
      [...services].filter(([key]) => key.endsWith(kind)).map(([, service]) => service);
    for (const agent of of('agent')) await agent.end('SIGINT');
    await Promise.all(of('master').map((master) => master.end('SIGTERM')));
    assert.deepEqual(processesMentioning(folder.path), []);
    folder.remove();
  });

  async function perform(host: string, command: Command): Promise<void> {
    const line = hosts.translate(command.line, host);
    const service = /^tepui (master|agent) (.*)$/.exec(line);
    if (service !== null) startService(host, service[1]!, service[2]!.split(' '));
    else if (line.startsWith('export ')) exported.push(line);
    else await perhapsTwice(host, line, command);
  }

  function startService(host: string, kind: string, args: readonly string[]): void {
    // Like a host of its own, it does not see the environment of the client's shell.
    services.set(`${host} ${kind}`, new TepuiProcess([kind, ...args]));
  }

  /** Services that were just started need a moment, so a command may be repeated until it shows what the page does. */
  async function perhapsTwice(host: string, line: string, { output }: Command): Promise<void> {
    const wanted = shapeOf(hosts.translate(output.join('\n'), host));
    let last = '';
    await eventually(
      async () => {
        last = await shell(host === 'client' ? [...exported, line] : [line]);
        return shapeOf(last) === wanted;
      },
      LIMIT_MS,
      `the output of \`${line}\``,
    ).catch((cause: unknown) => {
      const logs = [1, 2, 3].map((n) => logTail(path.join(hosts.folder(`host${n}`), 'var/lib/master'), 5));
      throw new Error(`${line} printed:\n${last}\nlogs:\n${logs.join('\n')}`, { cause });
    });
  }

  function shell(lines: readonly string[]): Promise<string> {
    const bin = path.join(folder.path, 'bin');
    const env = { ...process.env, PATH: `${bin}:${path.dirname(process.execPath)}:${process.env['PATH']}` };
    return new Promise((resolve, reject) => {
      const options = { env, timeout: COMMAND_LIMIT_MS };
      execFile('sh', ['-c', lines.join('\n')], options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${lines.at(-1)}: ${error.message}\n${stderr}`));
      });
    });
  }

  async function follow({ language, where, text }: Block): Promise<void> {
    if (language === 'yaml') {
      const [host, file] = where.split(':');
      hosts.write(host!, file!, hosts.translate(text, host!));
    } else {
      for (const command of commandsOf({ language, where, text })) await perform(where, command);
    }
  }

  it('works as it is written', async () => {
    const blocks = blocksOf(PAGE);
    assert.equal(blocks.filter(({ language }) => language === 'yaml').length, 5);
    assert.ok(blocks.filter(({ language }) => language === 'console').length >= 10);
    for (const block of blocks) await follow(block);
    if (hosts.shortcoming !== '') console.log(`      (${hosts.shortcoming})`);
  });

  it('hands leadership to the member that has it already', async () => {
    const transfer = hosts.translate('tepui members transfer m3', 'client');
    assert.match(await shell([...exported, transfer]), /^m3 leads in term (\d+)\n$/);
    const before = await shell([...exported, 'tepui status --json']);
    assert.match(await shell([...exported, transfer]), /^m3 leads in term (\d+)\n$/);
    const after = await shell([...exported, 'tepui status --json']);
    const termOf = (status: string): number => (JSON.parse(status) as { term: number }).term;
    assert.equal(termOf(after), termOf(before));
  });

  function file(host: string, name: string): Buffer {
    return readFileSync(path.join(hosts.folder(host), 'etc', name));
  }

  const address = (port: number): string => {
    const door = hosts.door(1, port);
    return `${door.host}:${door.port}`;
  };

  const empty = Buffer.alloc(0);
  const onlyAuthority = (): { ca: Buffer; cert: Buffer; key: Buffer } => {
    return { ca: file('client', 'ca.pem'), cert: empty, key: empty };
  };

  function stranger(): { ca: Buffer; cert: Buffer; key: Buffer } {
    const own = authority('somebody else');
    const { cert, key } = certificate('host1', [hosts.door(1, 5060).host], own, 'somebody else');
    return { ca: file('client', 'ca.pem'), cert, key };
  }

  /** The code that ends a stream opened at a service, or null if a first answer comes. */
  async function refusalAt(
    port: number,
    show: 'nothing' | 'a stranger',
    peers: boolean,
  ): Promise<string | null> {
    const security =
      show === 'nothing' ? channelCredentials(onlyAuthority(), false) : channelCredentials(stranger(), true);
    const channel = new GrpcChannel(address(port), { credentials: security });
    try {
      return await new Promise((resolve) => {
        const stream = peers
          ? channel.open(peerService().methods.stream)
          : channel.open(agentService().methods.connect);
        stream.listen({
          message: () => resolve(null),
          closed: (error) => resolve(error?.code ?? 'closed without a reason'),
        });
      });
    } finally {
      channel.close();
    }
  }

  it('lets clients in without a certificate, and none without TLS', async () => {
    const channel = new GrpcChannel(address(5060), {
      credentials: channelCredentials(onlyAuthority(), false),
    });
    const { members } = await channel.call(operatorService().methods.status, {}, { deadlineMs: 10_000 });
    channel.close();
    assert.deepEqual(members.map(({ id }) => id).sort(), ['m1', 'm2', 'm3']);
    const blind = new Operator({ addresses: [address(5060)] });
    const { clusterId, unanswered } = await blind.status(3000);
    blind.close();
    assert.equal(clusterId, null);
    assert.equal(unanswered.length, 1);
  });

  for (const show of ['nothing', 'a stranger'] as const) {
    it(`refuses an agent that shows ${show === 'nothing' ? 'no certificate' : 'one of another authority'}`, async () => {
      assert.equal(await refusalAt(5060, show, false), 'UNAUTHENTICATED');
    });

    it(`refuses a peer that shows ${show === 'nothing' ? 'no certificate' : 'one of another authority'}`, async () => {
      const code = await refusalAt(5070, show, true);
      assert.ok(code !== null && code !== 'closed without a reason', `${code}`);
    });
  }
});
