import type { SchedulerSink, SchedulerService } from '../../master/index.js';
import type {
  Handlers,
  SchedulerMethods,
  SchedulerReply,
  SchedulerRequest,
  ServerStream,
} from '../../wire/index.js';

type Stream = ServerStream<SchedulerRequest, SchedulerReply>;

/** The scheduler service of this member on its gRPC door. */
export function schedulerHandlers(service: SchedulerService): Handlers<SchedulerMethods> {
  return {
    connect: (stream) => serveStream(service, stream),
    call: (request) => new Promise((resolve) => service.call(request, resolve)),
  };
}

function serveStream(service: SchedulerService, stream: Stream): void {
  const connection = service.connect(sinkOf(stream, () => connection.drained()));
  stream.listen({
    message: (request) => connection.request(request),
    ended: () => connection.ended(),
    closed: () => connection.closed(),
  });
}

function sinkOf(stream: Stream, drained: () => void): SchedulerSink {
  return {
    send(reply) {
      const flows = stream.write(reply);
      if (!flows) stream.drained(drained);
      return flows;
    },
    end(error) {
      if (error === null) stream.end();
      else stream.fail(error);
    },
  };
}
