import type { Selection } from './selection.ts';

/** What its creator asked for. Kept as it is until it is the oldest of a hundred. */
export interface Redrive {
  readonly id: string;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly who: string;
  readonly reason: string;
  readonly selection: Selection;
  /** Where each dead-letter partition ended at the click: what came later is not taken. By partition. */
  readonly cutoff: readonly number[];
  /** What tells the dead-letter topic from one made anew under its name; '' = the broker does not say. */
  readonly topicId: string;
  /** null: as fast as it goes. */
  readonly maxPerSecond: number | null;
  /** Counts what it would take, and takes nothing. */
  readonly dryRun: boolean;
  readonly edited: boolean;
}

export type RedriveState = 'running' | 'paused' | 'cancelled' | 'done' | 'failed';

/** What operators want of it. Cancelled is for good. */
export type Wish = 'run' | 'pause' | 'cancel';

export type Steering = 'pause' | 'resume' | 'cancel';

/** How it ended. */
export interface End {
  readonly state: 'cancelled' | 'done' | 'failed';
  /** Epoch ms. */
  readonly at: number;
  /** Why it failed, and what to do. */
  readonly error?: string;
}

/** Pure. A redrive that has ended stays as it is, whatever is wished. */
export function stateOf(wish: Wish, end: End | null): RedriveState {
  if (end !== null) return end.state;
  return ({ run: 'running', pause: 'paused', cancel: 'cancelled' } as const)[wish];
}

/** What a wish becomes; `null`: it is so already; `ended`: it can't be any more. */
export function steered(state: RedriveState, steering: Steering): Wish | null | 'ended' {
  switch (state) {
    case 'running':
      return steering === 'resume' ? null : steering;
    case 'paused':
      return steering === 'pause' ? null : steering === 'resume' ? 'run' : 'cancel';
    case 'cancelled':
      return steering === 'cancel' ? null : 'ended';
    case 'done':
    case 'failed':
      return 'ended';
  }
}
