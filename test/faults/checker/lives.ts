import type { HistoryLine } from '../history.ts';

interface Life {
  readonly name: string;
  readonly firstAt: number;
  lastAt: number;
}

/** `consumer-2.3` is the third life of `consumer-2`. */
export function processOf(consumer: string): string {
  const dot = consumer.lastIndexOf('.');
  return dot < 0 ? consumer : consumer.slice(0, dot);
}

/** When each life of a consumer was over, where that is known: what it had in its handler then ended with it. */
export function endsOfLives(history: readonly HistoryLine[]): Map<string, number> {
  const kills = new Map<string, number[]>();
  for (const line of history) {
    if (line.type === 'fault' && line.kind === 'consumer-killed') push(kills, line.target, line.at);
  }
  const ends = new Map<string, number>();
  for (const [process, lives] of livesByProcess(history)) {
    const killedAt = (kills.get(process) ?? []).sort((a, b) => a - b);
    lives.forEach((life, index) => {
      const nextAt = lives[index + 1]?.firstAt ?? Infinity;
      const kill = killedAt.find((at) => at >= life.firstAt && at <= nextAt);
      // A process that was told to stop is gone at the latest when the next one of its name says something. A signal
      // may arrive a moment after it was noted.
      const end = kill === undefined ? nextAt : Math.max(kill, life.lastAt);
      if (end < Infinity) ends.set(life.name, end);
    });
  }
  return ends;
}

function livesByProcess(history: readonly HistoryLine[]): Map<string, Life[]> {
  const lives = new Map<string, Life>();
  for (const line of history) {
    if (!('consumer' in line)) continue;
    const life = lives.get(line.consumer);
    if (life === undefined) {
      lives.set(line.consumer, { name: line.consumer, firstAt: line.at, lastAt: line.at });
    } else {
      life.lastAt = Math.max(life.lastAt, line.at);
    }
  }
  const byProcess = new Map<string, Life[]>();
  for (const life of lives.values()) push(byProcess, processOf(life.name), life);
  for (const ofOne of byProcess.values()) ofOne.sort((a, b) => a.firstAt - b.firstAt);
  return byProcess;
}

function push<Value>(lists: Map<string, Value[]>, name: string, value: Value): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [value]);
  else list.push(value);
}
