import { FormatError, duration } from '../../../config/formats.ts';
import type { App, AppContext } from '../../app-context.ts';
import { invalid } from '../../keys.ts';
import { errorAnswers } from '../../schemas.ts';
import { LogLevelBody, LogLevelView } from './schemas.ts';

const PATH = '/v1/service/log-level';
const LONGEST = 86_400_000;

/** What the replica that is asked writes to its log. Others are asked by themselves. */
export function logLevelRoutes(app: App, { logLevel, audit }: AppContext): void {
  const description =
    'Of the replica that answers alone: behind a load balancer ask each replica at its own address.';
  const schema = { tags: ['service'], description, response: { 200: LogLevelView, ...errorAnswers } };

  app.get(
    PATH,
    {
      config: { scope: 'read' },
      schema: { ...schema, operationId: 'getLogLevel', summary: 'The least important lines that are logged' },
    },
    () => logLevel.state,
  );

  app.put(
    PATH,
    {
      config: { scope: 'operate' },
      schema: {
        ...schema,
        operationId: 'setLogLevel',
        summary: 'Log more, or less, for a while',
        body: LogLevelBody,
      },
    },
    (request) => {
      const { level, for: text, reason } = request.body;
      const forMs = text === undefined ? null : durationOf(text);
      const before = logLevel.current;
      const state = logLevel.set(level, forMs);
      const result = { before, level: state.level, until: state.until };
      audit.record(request, { action: 'log-level', route: '', target: {}, reason, result });
      return state;
    },
  );
}

/** ms. @throws INVALID */
function durationOf(text: string): number {
  let ms;
  try {
    ms = duration({ min: 1 }).parse(text);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw invalid(`for: ${error.message}`);
  }
  if (ms > LONGEST)
    throw invalid('for is at most 24h; leave it out, and the level stays until the process ends');
  return ms;
}
