'use strict';
// worker.cjs MODULES NAME HOSTS [SESSION PASSWORD]: as worker.c, with the npm package node-zookeeper-client.
const { createRequire } = require('node:module');
const { createInterface } = require('node:readline');
const [modules, name, hosts, session, password] = process.argv.slice(2);
const zookeeper = createRequire(`${modules}/`)('node-zookeeper-client');

const BATCH = 25;
const base = `/plain/${name}`;
const say = (line) => console.log(JSON.stringify(line));
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;
const options = { sessionTimeout: 10_000, spinDelay: 100, retries: 0 };
if (session !== undefined) {
  options.sessionId = Buffer.from(session, 'hex');
  options.sessionPassword = Buffer.from(password, 'hex');
}
const client = zookeeper.createClient(hosts, options);
let connected = false;
let stopping = false;
let writing = false;
let next = 1;
let last = 0;

client.on('state', (state) => {
  const manager = client.connectionManager;
  connected = state === zookeeper.State.SYNC_CONNECTED;
  const lost = state === zookeeper.State.EXPIRED;
  const port = connected ? manager.socket.remotePort : 0;
  say({ state: connected ? 'connected' : lost ? 'lost' : 'disconnected', port });
  if (!connected) return;
  const [id, secret] = [client.getSessionId(), client.getSessionPassword()].map((b) => b.toString('hex'));
  say({ session: id, password: secret, timeoutMs: client.getSessionTimeout() });
  if (session === undefined) begin();
});
client.connect();

function begin() {
  if (writing) return;
  writing = true;
  const { PERSISTENT, EPHEMERAL } = zookeeper.CreateMode;
  client.mkdirp(base, () => {
    client.create(`${base}/told`, Buffer.from('0'), PERSISTENT, () => {
      client.create(`${base}/mine`, Buffer.alloc(0), EPHEMERAL, () => {
        follow();
        batch();
      });
    });
  });
}

function follow() {
  client.getData(
    `${base}/told`,
    () => follow(),
    (error, data) => {
      if (error) setTimeout(follow, 50);
      else say({ told: data.toString() });
    },
  );
}

function batch() {
  if (stopping) return say({ stopped: last });
  if (!connected) return void setTimeout(batch, 20);
  let outstanding = BATCH;
  for (let i = 0; i < BATCH; i++) {
    const number = next++;
    const sentMs = nowMs();
    client.create(`${base}/n-${number}`, Buffer.from(String(number)), (error) => {
      if (number !== last + 1) say({ disorder: `an answer to ${number} after that to ${last}` });
      last = number;
      say(error ? { unknown: number, error: error.name } : { acked: number, sentMs });
      if (--outstanding === 0) setTimeout(batch, 40);
    });
  }
}

createInterface(process.stdin)
  .on('line', () => (stopping = true))
  .on('close', () => {
    client.close();
    client.once('disconnected', () => process.exit(0));
  });
