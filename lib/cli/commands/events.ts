import type { Command } from 'commander';
import type { TepuiError } from '../../base/index.js';
import type { Operator, OperatorEvent } from '../../client/index.js';
import { addClientFlags, wholeNumber, type ClientFlags, type Context } from '../context.js';
import { EXIT } from '../exit.js';
import type { Run } from '../program.js';
import { agentJson, frameworkJson, taskJson } from '../shapes.js';
import { withOperator } from './with-operator.js';

interface EventsFlags extends ClientFlags {
  readonly after?: string;
}

export function addEvents(program: Command, run: Run): void {
  const command = program
    .command('events')
    .description('changes of agents, frameworks and tasks as they happen, over any failover, until Ctrl-C');
  addClientFlags(command)
    .option('--after <index>', 'begin after this index (default: from now on)')
    .action((flags: EventsFlags) => run(flags, showEvents));
}

function showEvents(context: Context<EventsFlags>): Promise<number> {
  const { after } = context.flags;
  const afterIndex = after === undefined ? 0 : wholeNumber('--after', after, 0);
  return withOperator(context, (operator) => follow(context, operator, afterIndex));
}

function follow(context: Context, operator: Operator, afterIndex: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const stop = operator.events(afterIndex, {
      event: (event) => {
        if (event.event.kind === 'heartbeat') return;
        context.print(eventJson(event), () => eventText(event));
      },
      interrupted: (reason) => context.io.err(`tepui: connection lost (${reason.message}); going on\n`),
      ended: (error: TepuiError) => {
        forget();
        reject(error);
      },
    });
    const forget = context.io.onInterrupt(() => {
      forget();
      stop();
      resolve(EXIT.interrupted);
    });
  });
}

function eventJson({ index, event }: OperatorEvent): object {
  switch (event.kind) {
    case 'agentChanged':
      return { index, agent: agentJson(event) };
    case 'frameworkChanged':
      return { index, framework: frameworkJson(event) };
    case 'taskChanged':
      return { index, task: taskJson(event) };
    case 'agentRemoved':
      return { index, agentRemoved: event.value };
    case 'frameworkRemoved':
      return { index, frameworkRemoved: event.value };
    case 'heartbeat':
      return { index };
  }
}

function eventText({ index, event }: OperatorEvent): string {
  switch (event.kind) {
    case 'agentChanged':
      return `${index}  agent ${event.id} ${event.state}\n`;
    case 'frameworkChanged':
      return `${index}  framework ${event.id} ${event.state}\n`;
    case 'taskChanged':
      return `${index}  task ${event.id} ${event.state} on ${event.agentId}\n`;
    case 'agentRemoved':
      return `${index}  agent ${event.value} removed\n`;
    case 'frameworkRemoved':
      return `${index}  framework ${event.value} removed\n`;
    case 'heartbeat':
      return '';
  }
}
