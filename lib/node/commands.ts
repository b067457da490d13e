import path from 'node:path';
import { Option, type Command } from 'commander';
import { TepuiError } from '../base/index.js';
import { EXIT, describeError, exitCodeOf, type CliIo, type CommandModule } from '../cli/index.js';
import { runAgent } from './agent-process.js';
import { loadConfig, type Overrides } from './config/load.js';
import { agentSchema, masterSchema } from './config/schema.js';
import { runDev } from './dev/dev.js';
import { runMaster } from './master-process.js';

interface ProcessFlags {
  readonly config?: string;
  readonly id?: string;
  readonly dataDir?: string;
  readonly logLevel?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
}

interface MasterFlags extends ProcessFlags {
  readonly listenGrpc?: string;
  readonly listenPeer?: string;
  readonly listenZookeeper?: string;
  readonly listenHttp?: string;
  readonly advertiseGrpc?: string;
  readonly advertisePeer?: string;
  readonly advertiseZookeeper?: string;
  readonly advertiseHttp?: string;
  readonly insecure?: boolean;
  readonly join?: string;
  readonly masters?: string;
}

interface AgentFlags extends ProcessFlags {
  readonly masters?: string;
  readonly hostname?: string;
}

interface DevFlags {
  readonly dir: string;
  readonly masters: number;
  readonly agents: number;
  readonly portOffset: number;
  readonly sample: boolean;
  readonly respawn?: boolean;
  readonly json?: boolean;
  readonly fresh?: boolean;
}

const SHARED_FLAGS: readonly (readonly [flag: string, variable: string, text: string])[] = [
  ['--config <file>', 'TEPUI_CONFIG', 'YAML file; flags and variables win over it'],
  ['--id <id>', 'TEPUI_ID', 'name of this process, kept for ever'],
  ['--data-dir <folder>', 'TEPUI_DATA_DIR', 'its data folder'],
  ['--log-level <level>', 'TEPUI_LOG_LEVEL', 'debug, info, warn or error'],
  ['--tls-cert <file>', 'TEPUI_TLS_CERT', 'certificate (PEM)'],
  ['--tls-key <file>', 'TEPUI_TLS_KEY', 'its key (PEM)'],
  ['--tls-ca <file>', 'TEPUI_TLS_CA', 'authority that others are checked against (PEM)'],
];

const MASTER_FLAGS: typeof SHARED_FLAGS = [
  ['--listen-grpc <address>', 'TEPUI_LISTEN_GRPC', 'where the gRPC door opens (127.0.0.1:5060)'],
  ['--listen-peer <address>', 'TEPUI_LISTEN_PEER', 'where the door for other masters opens (127.0.0.1:5070)'],
  [
    '--listen-zookeeper <address>',
    'TEPUI_LISTEN_ZOOKEEPER',
    'where the door for ZooKeeper clients opens (127.0.0.1:2181), or off',
  ],
  ['--listen-http <address>', 'TEPUI_LISTEN_HTTP', 'where the door for HTTP opens (127.0.0.1:5050), or off'],
  ['--advertise-grpc <address>', 'TEPUI_ADVERTISE_GRPC', 'how clients reach the gRPC door'],
  ['--advertise-peer <address>', 'TEPUI_ADVERTISE_PEER', 'how other masters reach this one'],
  ['--advertise-zookeeper <address>', 'TEPUI_ADVERTISE_ZOOKEEPER', 'how ZooKeeper clients reach their door'],
  ['--advertise-http <address>', 'TEPUI_ADVERTISE_HTTP', 'how the door for HTTP is reached'],
  ['--join <token>', 'TEPUI_JOIN', 'joins the group whose `members add` printed this token'],
  ['--masters <addresses>', 'TEPUI_JOIN_MASTERS', 'peer addresses of masters that take the token'],
  ['--insecure', 'TEPUI_INSECURE', 'allow doors without TLS on other than loopback addresses'],
];

const AGENT_FLAGS: typeof SHARED_FLAGS = [
  ['--masters <addresses>', 'TEPUI_MASTERS', 'gRPC addresses of masters, separated by commas'],
  ['--hostname <name>', 'TEPUI_HOSTNAME', 'how the machine is called in offers'],
];

/** The commands that are processes: masters, agents, and a local cluster of both. */
export const processCommands: CommandModule = {
  variables: [...SHARED_FLAGS, ...MASTER_FLAGS, ...AGENT_FLAGS].map(([, variable]) => variable),
  add(program, io, finish) {
    const run = (action: () => Promise<number>) => guarded(io, finish, action);
    withFlags(program.command('master').description('Runs a master.'), MASTER_FLAGS).action(
      (flags: MasterFlags) =>
        run(async () => {
          await runMaster(loadConfig(masterSchema, flags.config, masterOverrides(flags)));
          return EXIT.done;
        }),
    );
    withFlags(program.command('agent').description('Runs an agent.'), AGENT_FLAGS).action(
      (flags: AgentFlags) =>
        run(async () => {
          await runAgent(loadConfig(agentSchema, flags.config, agentOverrides(flags)));
          return EXIT.done;
        }),
    );
    addDev(program, run, io);
  },
};

function addDev(program: Command, run: (action: () => Promise<number>) => Promise<void>, io: CliIo): void {
  program
    .command('dev')
    .description('Runs a local cluster: masters, agents and a sample framework as separate processes.')
    .option('--dir <folder>', 'where everything is kept; a second start resumes it', '.tepui/dev')
    .option('--masters <n>', 'number of masters', wholeNumber('--masters', 1, 7), 3)
    .option('--agents <n>', 'number of agents', wholeNumber('--agents', 0, 100), 2)
    .option('--port-offset <n>', 'added to every port', wholeNumber('--port-offset', 0, 60_000), 0)
    .option('--no-sample', 'without the sample framework')
    .option('--respawn', 'start again what dies')
    .option('--fresh', 'begin with an empty folder')
    .option('--json', 'one line of JSON on standard output once it serves')
    .action((flags: DevFlags) =>
      run(() =>
        runDev(
          {
            dir: path.resolve(flags.dir),
            masters: flags.masters,
            agents: flags.agents,
            portOffset: flags.portOffset,
            sample: flags.sample,
            respawn: flags.respawn === true,
            json: flags.json === true,
            fresh: flags.fresh === true,
          },
          io,
        ),
      ),
    );
}

function wholeNumber(flag: string, low: number, high: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= low && value <= high) return value;
    throw new TepuiError('USAGE', `${flag} must be a whole number from ${low} to ${high}, not ${text}`);
  };
}

function withFlags(command: Command, flags: typeof SHARED_FLAGS): Command {
  for (const [flag, variable, text] of [...SHARED_FLAGS, ...flags]) {
    command.addOption(new Option(flag, text).env(variable));
  }
  return command;
}

async function guarded(
  io: CliIo,
  finish: (exitCode: number) => void,
  action: () => Promise<number>,
): Promise<void> {
  try {
    finish(await action());
  } catch (error) {
    io.err(`${describeError(error)}\n`);
    finish(exitCodeOf(error));
  }
}

function sharedOverrides({ id, dataDir, logLevel, tlsCert, tlsKey, tlsCa }: ProcessFlags): Overrides {
  return { id, dataDir, logLevel, tls: { cert: tlsCert, key: tlsKey, ca: tlsCa } };
}

function masterOverrides(flags: MasterFlags): Overrides {
  const { listenGrpc, listenPeer, listenZookeeper, listenHttp, insecure, join, masters } = flags;
  const { advertiseGrpc, advertisePeer, advertiseZookeeper, advertiseHttp } = flags;
  return {
    ...sharedOverrides(flags),
    listen: { grpc: listenGrpc, peer: listenPeer, zookeeper: listenZookeeper, http: listenHttp },
    advertise: {
      grpc: advertiseGrpc,
      peer: advertisePeer,
      zookeeper: advertiseZookeeper,
      http: advertiseHttp,
    },
    insecure,
    join: { token: join, masters: masters?.split(',').map((address) => address.trim()) },
  };
}

function agentOverrides(flags: AgentFlags): Overrides {
  return {
    ...sharedOverrides(flags),
    hostname: flags.hostname,
    masters: flags.masters?.split(',').map((address) => address.trim()),
  };
}
