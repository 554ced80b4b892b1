import { OrchestratorError } from '../errors.ts';
import { isOutOfMemory, refusesWrites } from './connection.ts';

/** Redis could not do it now. @throws UNAVAILABLE */
export function unanswered(cause: unknown): never {
  throw unavailable(cause, 'answer');
}

/** A mistake in a script is ours; everything else means that Redis could not do it now. `script`: what a log calls it. */
export function scriptFailure(cause: unknown, what: string, script = `script ${what}`): OrchestratorError {
  const { message } = cause as Error;
  if (
    !refusesWrites(message) &&
    !isOutOfMemory(message) &&
    /user_script|Error compiling|Error running/.test(message)
  ) {
    return new OrchestratorError('INTERNAL', `${script} failed: ${message}`, { cause });
  }
  return unavailable(cause, `run ${what}`);
}

/** Whether it failed because Redis is full. */
export function lackedMemory(error: unknown): boolean {
  const { cause } = error as { cause?: unknown };
  return cause instanceof Error && isOutOfMemory(cause.message);
}

function unavailable(cause: unknown, what: string): OrchestratorError {
  return new OrchestratorError('UNAVAILABLE', `Redis did not ${what}: ${(cause as Error).message}`, {
    cause,
    retryAfterMs: 1_000,
  });
}
