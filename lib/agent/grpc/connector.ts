import { TepuiError } from '../../base/index.js';
import {
  GrpcChannel,
  agentService,
  channelCredentials,
  loadTls,
  type ClientStream,
  type TlsFiles,
} from '../../wire/index.js';
import type * as wire from '../../wire/index.js';
import type { AgentMessage, LinkEvents, MasterConnector, MasterLink } from '../link.js';
import type { Registration } from '../types.js';
import { agentMessage, masterMessage, refusalOfClosing, registerMessage } from './messages.js';

type Stream = ClientStream<wire.AgentMessage, wire.MasterMessage>;

/**
 * Streams to the masters' agent doors. With `tls` the agent shows its own certificate. Throws TLS when the files
 * are of no use.
 */
export function grpcConnector(tls: TlsFiles | null): MasterConnector {
  const credentials = channelCredentials(tls === null ? null : loadTls(tls), true);
  const open = new Set<GrpcLink>();
  return {
    connect: (address, registration, events) => {
      const link = new GrpcLink(new GrpcChannel(address, { credentials }), events, () => open.delete(link));
      open.add(link);
      link.register(registration);
      return link;
    },
    close: () => {
      for (const link of open) link.close();
    },
  };
}

/** One stream on a connection of its own, which ends with it. */
class GrpcLink implements MasterLink {
  private readonly channel: GrpcChannel;
  private readonly stream: Stream;
  private readonly events: LinkEvents;
  private readonly onEnded: () => void;
  private open = true;

  constructor(channel: GrpcChannel, events: LinkEvents, onEnded: () => void) {
    this.channel = channel;
    this.events = events;
    this.onEnded = onEnded;
    this.stream = channel.open(agentService().methods.connect);
    this.stream.listen({
      message: (message) => {
        if (this.open) this.events.onMessage(masterMessage(message));
      },
      closed: (error) => this.closed(error),
    });
  }

  register(registration: Registration): void {
    this.write(registerMessage(registration));
  }

  send(message: AgentMessage): void {
    this.write(agentMessage(message));
  }

  close(): void {
    if (!this.open) return;
    this.open = false;
    this.stream.cancel();
    this.channel.close();
    this.onEnded();
  }

  /** A message that cannot be encoded ends the stream: the masters' side of the limits was broken here. */
  private write(message: wire.AgentMessage): void {
    try {
      this.stream.write(message);
    } catch (error) {
      if (!(error instanceof TepuiError)) throw error;
      this.stream.cancel(error);
    }
  }

  private closed(error: TepuiError | null): void {
    if (!this.open) return;
    this.close();
    const refusal = refusalOfClosing(error);
    if (refusal !== undefined) this.events.onMessage(refusal);
    this.events.onClosed(error === null ? 'the master ended the stream' : `${error.code}: ${error.message}`);
  }
}
