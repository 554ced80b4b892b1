import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OrchestratorError, statusOf } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { Desks } from '../desks.ts';

interface Deps {
  readonly desks: Desks;
  readonly logger: Logger;
}

/** Every refusal as `{code, message, retryable}`. */
export function answerErrors(app: FastifyInstance, deps: Deps): void {
  const answer = errorHandler(deps);
  app.setErrorHandler(answer);
  app.setNotFoundHandler((request, reply) => {
    answer(new OrchestratorError('UNKNOWN_ROUTE', 'there is no such path'), request, reply);
  });
}

/** Also for what Fastify refuses before it looks for a route, such as a path that can't be decoded. */
export function errorHandler({ desks, logger }: Deps) {
  return (thrown: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): void => {
    const error = refusalOf(thrown);
    const status = statusOf(error.code);
    if (status >= 500) {
      // Neither the URL nor the body: there are keys in both.
      const { route, partition } = request.params as { route?: string; partition?: number | string };
      logger[status === 500 ? 'error' : 'warn'](
        {
          event: 'request_failed',
          ...(desks.has(route) ? { route } : {}),
          ...(partition === undefined ? {} : { partition: Number(partition) }),
          method: request.method,
          path: request.routeOptions.url,
          status,
          err: thrown,
        },
        `a request could not be answered: ${error.code}`,
      );
    }
    if (error.retryAfterMs !== undefined) {
      void reply.header('retry-after', String(Math.max(1, Math.ceil(error.retryAfterMs / 1_000))));
    }
    void reply.code(status).type('application/json; charset=utf-8').serializer(JSON.stringify);
    void reply.send({ code: error.code, message: messageFor(error), retryable: error.retryable });
  };
}

/** What is no HTTP at all is answered on the bare socket. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, code, message] = brokenRequest(error.code);
  const body = JSON.stringify({ code, message, retryable: false });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${body.length}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}

function brokenRequest(code: string | undefined): [status: string, code: string, message: string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return ['413 Payload Too Large', 'TOO_LARGE', 'path and headers are too long'];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['408 Request Timeout', 'INVALID', 'the request did not arrive in time'];
    default:
      return ['400 Bad Request', 'INVALID', 'the request is not HTTP as it should be'];
  }
}

function refusalOf(thrown: FastifyError | Error): OrchestratorError {
  if (thrown instanceof OrchestratorError) return thrown;
  const { statusCode = 500, code } = thrown as Partial<FastifyError>;
  if (statusCode === 413)
    return new OrchestratorError('TOO_LARGE', 'the request is too large; send fewer records');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new OrchestratorError('INVALID', 'the body must come as application/json');
  }
  if (statusCode >= 400 && statusCode < 500)
    return new OrchestratorError('INVALID', 'the request is not valid');
  return new OrchestratorError('INTERNAL', 'unexpected', { cause: thrown });
}

/** What went wrong inside is for the log: it may hold addresses, and helps no caller. */
function messageFor(error: OrchestratorError): string {
  switch (error.code) {
    case 'INTERNAL':
      return 'something went wrong; the log of the service says what';
    case 'UNAVAILABLE':
      return 'Kafka or Redis does not answer now';
    default:
      return error.message;
  }
}
