import type { Meanings } from './panel.ts';

export const BREAKER: Meanings = {
  0: { text: 'closed', color: 'green' },
  1: { text: 'half-open', color: 'orange' },
  2: { text: 'open', color: 'red' },
};

export const BACKPRESSURE: Meanings = {
  0: { text: 'none', color: 'green' },
  1: { text: 'values stay in Kafka', color: 'orange' },
  2: { text: 'reading stopped', color: 'red' },
};

export const REACHED: Meanings = {
  0: { text: 'unreachable', color: 'red' },
  1: { text: 'answers', color: 'green' },
};
