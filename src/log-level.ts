import type { Clock, Timer } from './clock.ts';

/** How important a line is. */
export type LineLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';
/** The least important lines that are written. */
export type LogLevel = LineLevel | 'silent';

export const IMPORTANCE: Readonly<Record<LogLevel, number>> = {
  ...{ fatal: 60, error: 50, warn: 40, info: 30, debug: 20, trace: 10, silent: Infinity },
};

export const LOG_LEVELS = Object.keys(IMPORTANCE) as LogLevel[];

/** What the level is, and until when. */
export interface LevelState {
  readonly level: LogLevel;
  /** As the configuration has it: what the level falls back to. */
  readonly configured: LogLevel;
  /** Epoch ms; null: it stays until the process ends. */
  readonly until: number | null;
}

interface Deps {
  readonly configured: LogLevel;
  readonly clock: Pick<Clock, 'now' | 'after'>;
  /** The level has fallen back by itself. */
  readonly onBack: (from: LogLevel) => void;
}

/** The log level of this process, which may be changed while it runs. */
export class ChangingLevel {
  readonly #deps: Deps;
  #timer: Timer | null = null;
  #until: number | null = null;
  #current: LogLevel;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#current = deps.configured;
  }

  get current(): LogLevel {
    return this.#current;
  }

  get state(): LevelState {
    return { level: this.#current, configured: this.#deps.configured, until: this.#until };
  }

  /** `forMs`: after so long it falls back to what is configured; null: it does not. What was set before no longer counts. */
  set(level: LogLevel, forMs: number | null): LevelState {
    const { configured, clock, onBack } = this.#deps;
    this.#timer?.cancel();
    this.#timer = null;
    this.#until = null;
    this.#current = level;
    if (forMs !== null && level !== configured) {
      this.#until = clock.now() + forMs;
      const back = (): void => {
        this.#timer = null;
        this.#until = null;
        this.#current = configured;
        onBack(level);
      };
      this.#timer = clock.after(forMs, back, { unref: true });
    }
    return this.state;
  }
}
