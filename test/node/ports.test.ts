import assert from 'node:assert/strict';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { checkPortsFree } from '../../lib/node/ports.js';

describe('ports before a start', () => {
  let holder: Server;
  let held: string;
  let port: number;

  beforeEach(async () => {
    holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    ({ port } = holder.address() as AddressInfo);
    held = `127.0.0.1:${port}`;
  });

  afterEach(() => new Promise((resolve) => holder.close(resolve)));

  it('are refused when another program holds one: its number, its address and what to do', async () => {
    await assert.rejects(checkPortsFree(['127.0.0.1:0', held], 'move them'), {
      code: 'PORT_IN_USE',
      message: `port ${port} (${held}) is in use: stop the program that holds it, or move them`,
      fields: { port },
    });
  });

  it('are free at another address of the machine', async () => {
    await checkPortsFree([`127.0.0.2:${port}`], 'move them');
  });

  it('are free again after the check, for the process that asked', async () => {
    await new Promise((resolve) => holder.close(resolve));
    await checkPortsFree([held, held], 'move them');
    await new Promise<void>((resolve, reject) => {
      holder.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  });

  it('are an error of the configuration where the machine has no such address', async () => {
    await assert.rejects(checkPortsFree(['192.0.2.1:5060'], 'move them'), {
      code: 'CONFIG',
      message: 'cannot listen at 192.0.2.1:5060: EADDRNOTAVAIL',
    });
  });

  it('are refused when they are no addresses', async () => {
    await assert.rejects(checkPortsFree(['5060'], 'move them'), { code: 'CONFIG' });
  });
});
