import { TepuiError } from '../../base/index.js';
import type { AgentService } from '../../master/agents/index.js';
import type { AgentMethods, Handlers } from '../../wire/index.js';

/** The Agent service of this member. With TLS on, agents prove who they are by a certificate of the authority. */
export function agentHandlers(service: AgentService, certificateRequired: boolean): Handlers<AgentMethods> {
  return {
    connect: (stream) => {
      if (certificateRequired && stream.caller.certificate === null) {
        throw new TepuiError(
          'UNAUTHENTICATED',
          `agent ${stream.caller.peer} showed no certificate of our authority`,
        );
      }
      const connection = service.connect({
        write: (message) => stream.write(message),
        get queued() {
          return stream.queued;
        },
        refuse: (code, message) => {
          const { certainty } = new TepuiError(code, message);
          stream.write({ kind: 'refused', code, message, outcomeUnknown: certainty === 'unknown' });
          stream.end();
        },
      });
      stream.listen({
        message: (message) => connection.message(message),
        ended: () => stream.end(),
        closed: () => connection.closed(),
      });
    },
  };
}
